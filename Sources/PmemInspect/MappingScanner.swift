import CPmemShims
import Glibc
import PmemDevice
import SystemPackage

/// Finds the mappings of persistent memory in every process.
struct MappingScanner {
  private let roots: HostRoots
  private let devices: DeviceTable
  private let processes: ProcessList
  /// What is behind a file that some process maps; each file is asked about once.
  private var verdicts: [MappedFile: Verdict] = [:]

  /// Read once, when the first file is seen that could be on one.
  private var overlays: [UInt64: DeviceTable.Device]?

  private enum Verdict {
    case other
    case character(DeviceTable.Device)
    /// The page cache of a block device.
    case block(DeviceTable.Device)
    case file(DeviceTable.Device)
  }

  init(_ devices: DeviceTable, roots: HostRoots) {
    self.devices = devices
    self.roots = roots
    processes = ProcessList(roots: roots)
  }

  /// - Parameters:
  ///   - pid: Only this process.
  ///   - isDetailed: Also page sizes, places on the device and flags, which cost a few calls a mapping.
  /// - Returns: What could be seen, by process, then by address.
  mutating func scan(pid: Int?, isDetailed: Bool) -> MappingReport {
    var report = MappingReport()
    var bytes: [UInt8] = []
    for pid in pid.map({ [$0] }) ?? processes.pids {
      let (folder, isHidden) = processes.maps(pid, into: &bytes)
      if isHidden { report.hiddenProcesses += 1 }
      guard let folder else { continue }
      report.mappings += mappings(pid, bytes, folder, isDetailed: isDetailed)
    }
    return report
  }

  private mutating func mappings(
    _ pid: Int, _ bytes: [UInt8], _ folder: FilePath, isDetailed: Bool
  ) -> [Mapping] {
    var found: [Mapping] = []
    MapsText(bytes).forEach { file, line in
      if case .other = verdict(file, line, folder) { false } else { true }
    } _: { line in
      let verdict = verdicts[line.file] ?? .other
      let device: DeviceTable.Device
      switch verdict {
      case .other: return
      case .character(let found), .block(let found), .file(let found): device = found
      }
      var mapping = Mapping(
        process: found.first?.process ?? processes.name(pid), start: line.start, end: line.end,
        path: RawText(line.path), offset: line.offset, device: device.name, namespaces: device.namespaces,
        permissions: String(decoding: line.permissions, as: UTF8.self))
      if case .file = verdict {} else { mapping.isDAX = device.daxAlign != nil }
      if isDetailed { MappingDetails(folder).complete(&mapping, daxAlign: device.daxAlign) }
      found.append(mapping)
    }
    if isDetailed, !found.isEmpty { MappingFlags(folder).complete(&found) }
    return found
  }

  /// A file of an overlay has the overlay's device number since 6.8 (file_user_inode); only a DAX file is told from
  /// one of another layer.
  private mutating func overlaid(_ line: MapsLine, _ link: FilePath) -> Verdict {
    let known = overlays ?? MountTable(processes).overlays(devices, processes)
    overlays = known
    guard let device = known[line.file.device] else { return .other }
    let file = open(link.string, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)
    guard file >= 0 else { return .other }
    defer { close(file) }
    return CPmem_is_dax(file) == 1 ? .file(device) : .other
  }

  private mutating func verdict(_ file: MappedFile, _ line: () -> MapsLine, _ folder: FilePath) -> Verdict {
    if let known = verdicts[file] { return known }
    let verdict = judge(line(), folder)
    verdicts[file] = verdict
    return verdict
  }

  /// A file on a filesystem on persistent memory has its device's number. A device node can be anywhere: what it
  /// stands for is in the file itself, whose link in map_files only the privileged can follow.
  private mutating func judge(_ line: MapsLine, _ folder: FilePath) -> Verdict {
    if let device = devices.blocks[line.file.device] { return .file(device) }
    let link = folder.appending("map_files").appending(MappingDetails.linkName(line.start, line.end))
    var file = CPmem_file()
    var status = CPmem_stat(AT_FDCWD, link.string, &file)
    if status != 0 {
      status = CPmem_stat(AT_FDCWD, String(decoding: line.path, as: UTF8.self), &file)
      guard status == 0, file.device == line.file.device, file.inode == line.file.inode else { return .other }
    }
    switch file.mode & UInt32(S_IFMT) {
    case UInt32(S_IFCHR): return devices.characters[file.special_device].map { .character($0) } ?? .other
    case UInt32(S_IFBLK): return devices.blocks[file.special_device].map { .block($0) } ?? .other
    case UInt32(S_IFREG): return overlaid(line, link)
    default: return .other
    }
  }
}
