import CPmemShims
import Glibc
import PmemDevice
import SystemPackage

/// Finds who has persistent memory open, mounted, stacked on or swapped to.
struct UserScanner {
  private let roots: HostRoots
  private let devices: DeviceTable
  private let processes: ProcessList

  init(_ devices: DeviceTable, roots: HostRoots) {
    self.devices = devices
    self.roots = roots
    processes = ProcessList(roots: roots)
  }

  func scan() -> UsageReport {
    var report = UsageReport()
    report.uses += mounts() + swaps() + holders() + loops()
    report.uses += superblocks(besides: report.uses)
    for pid in processes.pids { openFiles(pid, into: &report) }
    return report
  }

  private func uses(
    _ kind: Usage.Kind, _ device: DeviceTable.Device, _ path: RawText, process: ProcessName? = nil,
    effect: Usage.Effect, advice: String
  ) -> [Usage] {
    device.namespaces.map {
      Usage(kind: kind, namespace: $0, path: path, process: process, effect: effect, advice: advice)
    }
  }

  // MARK: Descriptors

  private func openFiles(_ pid: Int, into report: inout UsageReport) {
    let folder = processes.folder(pid).appending("fd")
    guard let stream = opendir(folder.string) else {
      if errno == EACCES || errno == EPERM { report.hiddenProcesses += 1 }
      return
    }
    defer { closedir(stream) }
    var seen: Set<RawText> = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) {
        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      var file = CPmem_file()
      guard name != ".", name != "..", CPmem_stat(dirfd(stream), name, &file) == 0 else { continue }
      guard let (device, effect) = device(of: file) else { continue }
      let path = KernelFile.link(folder.appending(name)) ?? RawText(device.name)
      guard seen.insert(path).inserted else { continue }
      let process = processes.name(pid)
      report.uses += uses(
        .open, device, path, process: process, effect: effect,
        advice: "stop process \(pid), or have it close \(path)")
    }
  }

  /// An open DAX device does nobody harm; an open block device gives errors; a file keeps its filesystem mounted.
  private func device(of file: CPmem_file) -> (DeviceTable.Device, Usage.Effect)? {
    switch file.mode & UInt32(S_IFMT) {
    case UInt32(S_IFCHR): devices.characters[file.special_device].map { ($0, .errors) }
    case UInt32(S_IFBLK): devices.blocks[file.special_device].map { ($0, .errors) }
    default: devices.blocks[file.device].map { ($0, .refused) }
    }
  }

  // MARK: Mounts

  /// Of every mount namespace that a process lives in.
  private func mounts() -> [Usage] {
    var found: [Usage] = []
    for line in MountTable(processes).lines {
      guard let device = devices.blocks[line.device] else { continue }
      let advice =
        line.isFirstSpace
        ? "umount \(ShellWord(line.place.text))" : "unmount it in the mount namespace of process \(line.pid)"
      let all = uses(.mount, device, line.place, effect: .refused, advice: advice)
      found += all.filter { use in !found.contains { $0.namespace == use.namespace && $0.path == use.path } }
    }
    return found
  }

  /// Filesystems that live on although no namespace has them mounted.
  private func superblocks(besides known: [Usage]) -> [Usage] {
    ["ext4", "xfs"].flatMap { type in
      KernelFile.names(roots.sys.appending("fs").appending(type)).flatMap { name -> [Usage] in
        guard let device = devices.blocks.values.first(where: { $0.name == name }) else { return [] }
        return uses(
          .superblock, device, RawText("\(type) on /dev/\(name)"), effect: .refused,
          advice: "its last user must go: see what has files open on it"
        ).filter { use in !known.contains { $0.kind == .mount && $0.namespace == use.namespace } }
      }
    }
  }

  // MARK: The kernel's own users

  private func swaps() -> [Usage] {
    guard let text = KernelFile.read(roots.proc.appending("swaps")) else { return [] }
    return text.split(separator: UInt8(ascii: "\n")).dropFirst().flatMap { line -> [Usage] in
      let place = MountTable.unescaped(line.prefix { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") })
      var file = CPmem_file()
      let path = RawText(place)
      guard CPmem_stat(AT_FDCWD, path.text, &file) == 0 else { return [] }
      let number = file.mode & UInt32(S_IFMT) == UInt32(S_IFBLK) ? file.special_device : file.device
      guard let device = devices.blocks[number] else { return [] }
      return uses(.swap, device, path, effect: .refused, advice: "swapoff \(ShellWord(path.text))")
    }
  }

  private func holders() -> [Usage] {
    devices.blocks.values.sorted { $0.name < $1.name }.flatMap { device -> [Usage] in
      let folder = roots.sys.appending("class/block").appending(device.name).appending("holders")
      return KernelFile.names(folder).sorted().flatMap { holder -> [Usage] in
        let own = roots.sys.appending("class/block").appending(holder)
        let name = KernelFile.line(own.appending("dm/name")).map { " (\($0))" } ?? ""
        return uses(
          .holder, device, RawText("/dev/\(device.name) by \(holder)\(name)"), effect: .refused,
          advice: "take the stack apart from the top: lsblk /dev/\(device.name)")
      }
    }
  }

  private func loops() -> [Usage] {
    KernelFile.names(roots.sys.appending("block")).filter { $0.hasPrefix("loop") }.sorted().flatMap {
      loop -> [Usage] in
      let file = roots.sys.appending("block").appending(loop).appending("loop/backing_file")
      var facts = CPmem_file()
      guard let path = KernelFile.line(file), CPmem_stat(AT_FDCWD, path, &facts) == 0 else { return [] }
      let isBlock = facts.mode & UInt32(S_IFMT) == UInt32(S_IFBLK)
      guard let device = devices.blocks[isBlock ? facts.special_device : facts.device] else { return [] }
      return uses(
        .loop, device, RawText("\(path) by \(loop)"), effect: isBlock ? .errors : .refused,
        advice: "losetup -d /dev/\(loop)")
    }
  }
}
