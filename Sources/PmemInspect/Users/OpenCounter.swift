import CPmemBPF
import Glibc
import PmemDevice
import SystemPackage

/// Reads how often the kernel has each device open, by any holder: a block device counts its openers
/// (block/bdev.c:blkdev_get_whole; those of its partitions too), a DAX device has a reference for each open file
/// (fs/char_dev.c:chrdev_open).
///
/// Holds a descriptor of each device for its lifetime: it leads to the kernel's object.
final class OpenCounter {
  /// A device that is asked about.
  private struct Subject {
    var name: String
    var namespace: String
    /// As ``DeviceTable/kernelNumbers``.
    var number: UInt64
    var isBlock: Bool
    var descriptor: Int32
    /// The inode that an open file of it leads to. That of a descriptor with O_PATH, which opens nothing, is the node's.
    var host: UInt64 = 0
  }

  private let devices: DeviceTable
  private let iterator: FileUserIterator
  private let types: KernelTypeSource
  private var subjects: [Subject] = []
  /// The kernel's memory, and the address of each device's counter, by the device's name.
  private var counters: [String: UInt64] = [:]
  private let memory: KernelMemory
  /// Of a DAX device: the reference that is no open file.
  private static let baseReferences = 1

  /// - Parameters:
  ///   - namespaces: Enabled ones.
  ///   - devices: That they are reached by.
  ///   - roots: Of this host.
  ///   - types: Of its kernel.
  /// - Throws: Why that cannot be had here.
  init(
    _ namespaces: [Namespace], _ devices: DeviceTable, roots: HostRoots, types: KernelTypeSource
  ) throws(Unavailable) {
    guard roots.isLive else { throw Unavailable("this is a recorded host") }
    self.devices = devices
    self.types = types
    iterator = FileUserIterator(devices, roots: roots, types: types)
    memory = try KernelMemory()
    for namespace in namespaces { try open(namespace) }
    try findCounters()
  }

  deinit { for subject in subjects { close(subject.descriptor) } }

  private func open(_ namespace: Namespace) throws(Unavailable) {
    let names = namespace.blockDevice.map { [$0] } ?? namespace.daxRegion?.devices.map(\.chardev) ?? []
    for name in names {
      guard let (number, isBlock) = devices.kernelNumber(name) else { continue }
      let descriptor = devices.open(name, O_RDONLY | O_NONBLOCK)
      // A DAX device that is bound to another driver, or to none, cannot be opened (drivers/dax/super.c:dax_alive).
      if descriptor == -ENXIO || descriptor == -ENODEV, !isBlock { continue }
      guard descriptor >= 0 else {
        throw Unavailable("/dev/\(name) cannot be opened: \(String(cString: strerror(-descriptor)))")
      }
      subjects.append(
        Subject(
          name: name, namespace: namespace.dev, number: number, isBlock: isBlock, descriptor: descriptor))
    }
  }

  private func findCounters() throws(Unavailable) {
    guard !subjects.isEmpty else { return }
    var found: [UInt64: OpenFile] = [:]
    let descriptors = Set(subjects.map(\.descriptor))
    try iterator.ownDescriptors { user in
      let file = OpenFile(user)
      // Others that were inherited may be of O_PATH.
      if file.isNode, descriptors.contains(Int32(truncatingIfNeeded: user.start)) {
        found[file.device] = file
      }
    }
    let types = try types.types()
    for index in subjects.indices {
      let subject = subjects[index]
      guard let file = found[subject.number] else {
        throw Unavailable("the kernel does not show this process's own descriptors")
      }
      subjects[index].host = file.host
      counters[subject.name] = try subject.isBlock ? blockCounter(file, types) : characterCounter(file, types)
    }
  }

  private func blockCounter(_ file: OpenFile, _ types: KernelTypes) throws(Unavailable) -> UInt64 {
    guard let inode = types.offset("bdev_inode", "vfs_inode"),
      let device = types.offset("bdev_inode", "bdev"),
      let openers = types.offset("block_device", "bd_openers")
    else { throw Unavailable("this kernel has no block_device.bd_openers") }
    return file.host &- UInt64(inode) &+ UInt64(device) &+ UInt64(openers)
  }

  private func characterCounter(_ file: OpenFile, _ types: KernelTypes) throws(Unavailable) -> UInt64 {
    guard let inode = types.offset("file", "f_inode"), let device = types.offset("inode", "i_cdev"),
      let count = types.offset("cdev", "kobj", "kref", "refcount", "refs"),
      let node = memory.word(file.address &+ UInt64(inode)), let cdev = memory.word(node &+ UInt64(device)),
      cdev != 0
    else { throw Unavailable("this kernel has no cdev.kobj.kref") }
    return cdev &+ UInt64(count)
  }

  // MARK: Filesystems

  /// The filesystems that have claimed block devices, also as a journal or one device of several, which no mount names:
  /// since 6.5 they claim with `fs_holder_ops`, and are the holder themselves (block/bdev.c:bd_prepare_to_claim,
  /// fs/super.c:setup_bdev_super, fs/ext4/super.c:ext4_get_journal_blkdev).
  ///
  /// - Parameter isWanted: Whether a device is asked about.
  /// - Returns: The opens of each by mounts; empty if they cannot be read on this kernel.
  func filesystems(_ isWanted: (DeviceTable.Device) -> Bool) -> [DeviceTable.Device: UInt64] {
    guard let types = try? types.types(), let inode = types.offset("bdev_inode", "vfs_inode"),
      let device = types.offset("bdev_inode", "bdev"),
      let holder = types.offset("block_device", "bd_holder"),
      let operations = types.offset("block_device", "bd_holder_ops"),
      let number = types.offset("super_block", "s_dev")
    else { return [:] }
    var found: [DeviceTable.Device: UInt64] = [:]
    for subject in subjects where subject.isBlock {
      let block = subject.host &- UInt64(inode) &+ UInt64(device)
      guard let known = devices.blocks.values.first(where: { $0.name == subject.name }), isWanted(known),
        let claim = memory.word(block &+ UInt64(operations)), claim != 0,
        claim == memory.address(of: "fs_holder_ops"),
        let superblock = memory.word(block &+ UInt64(holder)), superblock != 0,
        let value = memory.half(superblock &+ UInt64(number))
      else { continue }
      found[known] = DeviceTable.device(value >> 20, value & 0xf_ffff)
    }
    return found
  }

  // MARK: Counting

  /// How often each device is open, this counter's own descriptor included, by the device's name.
  func counts() throws(Unavailable) -> [String: Int] {
    var counts: [String: Int] = [:]
    for subject in subjects {
      guard let counter = counters[subject.name], let value = memory.half(counter) else {
        throw Unavailable("the kernel's memory cannot be read")
      }
      counts[subject.name] = Int(Int32(bitPattern: value)) - (subject.isBlock ? 0 : Self.baseReferences)
    }
    return counts
  }

  /// The files that processes have on the devices: of all processes of this PID namespace, or of this one alone.
  func files(ofAll: Bool) throws(Unavailable) -> [OpenFile] {
    var files: [OpenFile] = []
    if ofAll {
      try iterator.files { files.append(OpenFile($0)) }
    } else {
      let own = subjects.map(\.descriptor)
      try iterator.ownDescriptors { user in
        if own.contains(Int32(truncatingIfNeeded: user.start)) { files.append(OpenFile(user)) }
      }
    }
    return files
  }

  /// Devices that are open more often than known holders explain. A descriptor opened or closed between two counts is
  /// in one of them.
  ///
  /// - Parameters:
  ///   - before: Counted before it was looked for.
  ///   - after: Counted afterwards.
  ///   - files: That are known, this counter's own included.
  ///   - opens: How often the kernel itself is known to have a device open, by the device's name.
  /// - Returns: A use for each device.
  func unexplained(
    _ before: [String: Int], _ after: [String: Int], by files: [OpenFile], _ opens: [String: Int]
  ) -> [Usage] {
    subjects.compactMap { subject in
      let names = Set(devices.parts(of: subject.name) + [subject.name])
      let own = files.filter { file in
        guard let target = devices.target(ofKernel: file.device, mode: file.mode) else { return false }
        return target.isNode && names.contains(target.device.name)
          && (file.device != subject.number || file.host == subject.host)
      }
      let count = max(before[subject.name] ?? 0, after[subject.name] ?? 0)
      let rest = count - Set(own.map(\.address)).count - names.reduce(0) { $0 + opens[$1, default: 0] }
      guard rest > 0 else { return nil }
      var use = Usage(
        kind: .unseen, namespace: subject.namespace, path: RawText("/dev/\(subject.name)"), effect: .errors,
        advice: "find what has it open: the kernel itself (nvmet, LIO, io_uring), a descriptor in a socket's "
          + "queue, a process of another container")
      use.opens = rest
      return use
    }
  }
}

extension OpenFile {
  /// Whether it is the device itself, not a file of a filesystem on it.
  var isNode: Bool {
    let kind = mode & UInt32(S_IFMT)
    return kind == UInt32(S_IFBLK) || kind == UInt32(S_IFCHR)
  }
}
