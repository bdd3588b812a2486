import CPmemShims
import Glibc
import PmemDevice
import SystemPackage

/// Finds the block devices on persistent memory and the filesystems on them, with what decides about DAX.
struct DaxLayerScanner {
  private let devices: DeviceTable
  private let roots: HostRoots

  init(_ devices: DeviceTable, roots: HostRoots) {
    self.devices = devices
    self.roots = roots
  }

  /// Files of a filesystem that are looked at, and directories.
  private static let mostFiles = 64
  private static let mostDirectories = 16
  /// Mount points of a filesystem that are looked into for files.
  private static let mostLooks = 16

  func layers() -> [DaxLayer] {
    let mounts = MountTable(ProcessList(roots: roots)).lines
    var layers: [DaxLayer] = []
    for (number, device) in devices.blocks.sorted(by: { $0.value.name < $1.value.name }) {
      layers.append(layer(number, device))
      var mountPoints: Set<RawText> = []
      var known: DaxLayer?
      for line in mounts where line.device == number && line.isFirstSpace {
        guard mountPoints.insert(line.mountPoint).inserted else { continue }
        // Whether it has DAX is the filesystem's, wherever it is mounted (Documentation/filesystems/dax.rst).
        if var layer = known, layer.filesystem?.filesSeen ?? 0 > 0 || mountPoints.count > Self.mostLooks {
          layer.name = line.mountPoint
          layers.append(layer)
        } else {
          let layer = filesystem(line, device)
          known = layer
          layers.append(layer)
        }
      }
      if mountPoints.isEmpty, let unmounted = unmounted(device) { layers.append(unmounted) }
    }
    return layers
  }

  // MARK: Block devices

  private func layer(_ number: UInt64, _ device: DeviceTable.Device) -> DaxLayer {
    let directory = devices.directory(device.name)
    let isPartition = KernelFile.line(directory.appending("partition")) != nil
    let isStack = !KernelFile.names(directory.appending("slaves")).isEmpty
    // The directory of a partition is inside that of its disk, behind the link.
    let disk =
      isPartition
      ? FilePath(roots.sys.string + "/class/block/" + device.name + "/..") : directory
    var layer = DaxLayer(
      kind: isPartition ? .partition : isStack ? .stack : .disk, name: RawText(device.name),
      device: device.name, namespaces: device.namespaces,
      hasQueueDAX: KernelFile.line(FilePath(disk.string + "/queue/dax")).map { $0 == "1" })
    if isPartition, let start = sectors(directory, "start"), let size = sectors(directory, "size") {
      layer.partition = Extent(offset: start, length: size)
    }
    if isStack, roots.isLive {
      layer.targets = MapperTable(number)?.starts.map { begin, start, lower in
        DaxLayer.Target(begin: begin, start: start, lower: devices.blocks[lower]?.name ?? "another device")
      }
    }
    return layer
  }

  private func sectors(_ directory: FilePath, _ file: String) -> UInt64? {
    KernelFile.line(directory.appending(file)).flatMap { UInt64($0) }.map { $0 * 512 }
  }

  // MARK: Filesystems

  private func filesystem(_ line: MountLine, _ device: DeviceTable.Device) -> DaxLayer {
    var layer = DaxLayer(
      kind: .filesystem, name: line.mountPoint, device: device.name, namespaces: device.namespaces,
      hasQueueDAX: nil)
    let path = roots.isLive ? String(decoding: line.mountPoint.bytes, as: UTF8.self) : nil
    var filesystem = DaxLayer.Filesystem(
      type: line.type, options: line.options.map(\.text), blockSize: path.flatMap(Self.blockSize))
    filesystem.features = superblock(device)?.features ?? []
    if let path {
      if line.type == "xfs" { filesystem.hasReflink = Self.hasReflink(path) }
      look(into: path, on: line.device, &filesystem)
    }
    layer.filesystem = filesystem
    return layer
  }

  private func superblock(_ device: DeviceTable.Device) -> Superblock? {
    guard roots.isLive else { return nil }
    let descriptor = devices.open(device.name, O_RDONLY)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    return Superblock.read(descriptor)
  }

  /// A filesystem that nothing mounts, and nothing is stacked on.
  private func unmounted(_ device: DeviceTable.Device) -> DaxLayer? {
    let directory = devices.directory(device.name)
    guard KernelFile.names(directory.appending("holders")).isEmpty, let found = superblock(device) else {
      return nil
    }
    var layer = DaxLayer(
      kind: .filesystem, name: RawText("\(found.type) on /dev/\(device.name)"), device: device.name,
      namespaces: device.namespaces, hasQueueDAX: nil)
    var filesystem = DaxLayer.Filesystem(type: found.type, options: [], blockSize: found.blockSize)
    filesystem.isMounted = false
    filesystem.features = found.features
    filesystem.hasReflink = found.features.contains(.reflink)
    layer.filesystem = filesystem
    return layer
  }

  private static func blockSize(_ path: String) -> UInt64? {
    var facts = statvfs()
    return statvfs(path, &facts) == 0 ? UInt64(facts.f_frsize) : nil
  }

  private static func hasReflink(_ path: String) -> Bool? {
    let directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard directory >= 0 else { return nil }
    defer { close(directory) }
    let answer = CPmem_xfs_has_reflink(directory)
    return answer < 0 ? nil : answer == 1
  }

  /// Looks at some files, breadth first; nothing is opened but directories.
  private func look(into path: String, on device: UInt64, _ filesystem: inout DaxLayer.Filesystem) {
    var directories = [path]
    var next = 0
    while next < directories.count, next < Self.mostDirectories, filesystem.filesSeen < Self.mostFiles {
      let directory = directories[next]
      next += 1
      for name in KernelFile.names(FilePath(directory)).sorted() {
        let file = directory == "/" ? "/" + name : directory + "/" + name
        guard filesystem.filesSeen < Self.mostFiles, let facts = LinkFacts(file), facts.device == device
        else {
          continue
        }
        if facts.isDirectory { directories.append(file) }
        guard facts.isRegular, let isDAX = facts.isDAX else { continue }
        filesystem.filesSeen += 1
        if isDAX { filesystem.filesWithDAX += 1 }
        if facts.size > 0, filesystem.sample == nil || isDAX { filesystem.sample = file }
      }
    }
  }
}

/// The device of a node, without following a link and without opening it for reading.
private struct LinkFacts {
  let device: UInt64
  let isDirectory: Bool
  let isRegular: Bool
  let size: UInt64
  /// nil if the kernel does not report it.
  let isDAX: Bool?

  init?(_ path: String) {
    let descriptor = open(path, CPmem_open_path | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var facts = stat()
    guard fstat(descriptor, &facts) == 0 else { return nil }
    device = UInt64(facts.st_dev)
    isDirectory = facts.st_mode & S_IFMT == S_IFDIR
    isRegular = facts.st_mode & S_IFMT == S_IFREG
    size = UInt64(max(0, facts.st_size))
    let answer = CPmem_is_dax(descriptor)
    isDAX = answer < 0 ? nil : answer == 1
  }
}
