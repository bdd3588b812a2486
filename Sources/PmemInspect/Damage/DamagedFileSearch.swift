import CPmemShims
import Glibc
import PmemDevice
import SystemPackage

/// Finds files with data on bad blocks: walks the mounted filesystems of a namespace, and asks each file for its extents
/// (FS_IOC_FIEMAP).
struct DamagedFileSearch {
  private let devices: DeviceTable
  private let roots: HostRoots

  init(_ devices: DeviceTable, roots: HostRoots) {
    self.devices = devices
    self.roots = roots
  }

  func search(_ namespace: Namespace) -> DamagedFiles {
    if let unsearchable = DamagedFiles.unsearchable(namespace) { return unsearchable }
    let bad = namespace.blockDevice.map(badBlocks) ?? []
    guard !bad.isEmpty else { return DamagedFiles() }
    var found: [(path: RawText, piece: FilePiece)] = []
    var missing: [String] = []
    let mounts = mounts(of: namespace)
    if mounts.isEmpty { missing.append(DamagedFiles.unmounted) }
    for line in mounts {
      guard !line.options.contains(where: { $0.text.hasPrefix("rtdev=") }) else {
        missing.append("\(line.mountPoint.text) has a realtime device: its files are not searched")
        continue
      }
      walk(line, namespace.dev, &found, &missing)
    }
    return DamagedFiles(found, bad: bad, missing: missing)
  }

  /// As the block layer lists them (block/badblocks.c:badblocks_show): sector and count.
  private func badBlocks(of disk: String) -> [Extent] {
    let text = KernelFile.read(devices.directory(disk).appending("badblocks")) ?? []
    return text.split(separator: UInt8(ascii: "\n")).compactMap { line in
      let numbers = line.split(separator: UInt8(ascii: " ")).compactMap {
        UInt64(String(decoding: $0, as: UTF8.self))
      }
      guard numbers.count == 2 else { return nil }
      return Extent(offset: numbers[0] * 512, length: numbers[1] * 512)
    }
  }

  /// One for each filesystem: the whole of it, if that is mounted anywhere.
  private func mounts(of namespace: Namespace) -> [MountLine] {
    let lines = MountTable(ofThisProcess: roots).lines.filter { line in
      devices.blocks[line.device]?.namespaces.contains(namespace.dev) ?? false
    }
    let whole = lines.filter { $0.root.bytes == [UInt8(ascii: "/")] }
    var seen: Set<UInt64> = []
    return (whole + lines).filter { seen.insert($0.device).inserted }
  }

  private func walk(
    _ line: MountLine, _ namespace: String, _ found: inout [(path: RawText, piece: FilePiece)],
    _ missing: inout [String]
  ) {
    guard let device = devices.blocks[line.device] else { return }
    var unread = 0
    var directories = [line.mountPoint.bytes]
    while let directory = directories.popLast() {
      guard let entries = Self.entries(of: directory, on: line.device) else {
        unread += 1
        continue
      }
      for (name, kind) in entries {
        let path =
          directory.last == UInt8(ascii: "/") ? directory + name : directory + [UInt8(ascii: "/")] + name
        if kind == S_IFDIR { directories.append(path) }
        guard kind == S_IFREG else { continue }
        guard let pieces = Self.pieces(path) else {
          unread += 1
          continue
        }
        for piece in pieces { translate(piece, device.name, namespace, RawText(path), &found, &unread) }
      }
    }
    if unread > 0 {
      missing.append("\(counted(unread, "file")) of \(line.mountPoint.text) could not be asked for blocks")
    }
  }

  /// Names in a directory of the filesystem, and what they are; nothing in one of another filesystem.
  ///
  /// - Returns: nil if it cannot be read.
  private static func entries(of path: [UInt8], on device: UInt64) -> [([UInt8], mode_t)]? {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY)
    guard descriptor >= 0 else { return nil }
    var facts = stat()
    guard fstat(descriptor, &facts) == 0, facts.st_dev == device, let stream = fdopendir(descriptor) else {
      close(descriptor)
      return []
    }
    defer { closedir(stream) }
    var found: [([UInt8], mode_t)] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { Array($0.prefix { $0 != 0 }) }
      guard name != [UInt8(ascii: ".")], name != Array("..".utf8),
        fstatat(descriptor, name.map { CChar(bitPattern: $0) } + [0], &facts, AT_SYMLINK_NOFOLLOW) == 0,
        facts.st_dev == device
      else { continue }
      found.append((name, facts.st_mode & S_IFMT))
    }
    return found
  }

  private static func open(_ path: [UInt8], _ flags: Int32) -> Int32 {
    Glibc.open(path.map { CChar(bitPattern: $0) } + [0], flags | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
  }

  private static func pieces(_ path: [UInt8]) -> [FilePiece]? {
    let descriptor = open(path, O_RDONLY)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    return FileExtents.pieces(of: descriptor)
  }

  /// From the filesystem's device to the namespace's.
  private func translate(
    _ piece: FilePiece, _ device: String, _ namespace: String, _ path: RawText,
    _ found: inout [(path: RawText, piece: FilePiece)], _ unread: inout Int
  ) {
    guard let ranges = devices.namespaceRanges(device, [piece.extent]) else {
      unread += 1
      return
    }
    var logical = piece.logical
    for range in ranges {
      if range.namespace == namespace {
        found.append((path, FilePiece(logical: logical, extent: range.extent)))
      }
      logical += range.extent.length
    }
  }
}
