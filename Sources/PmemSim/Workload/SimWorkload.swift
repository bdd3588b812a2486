import Glibc
public import PmemDevice

/// What programs do on a simulated machine, for the rest of pmemctl to find.
public struct SimWorkload {
  let machine: SimMachine

  /// - Parameter machine: Opened for writing where anything is changed.
  public init(_ machine: SimMachine) { self.machine = machine }

  /// A process and what it maps.
  public struct Process: Hashable, Sendable {
    public let name: ProcessName
    public let mappings: Int
    /// Bytes mapped, of devices that are gone too.
    public let mapped: ByteCount
    /// What it waits for; nil where it runs.
    public let waitsFor: String?
  }

  public var processes: [Process] {
    machine.kernel.memory.processes.map { process in
      Process(
        name: ProcessName(pid: process.pid, command: RawText(process.command)),
        mappings: process.mappings.count,
        mapped: ByteCount(process.mappings.reduce(0) { $0 + $1.length }),
        waitsFor: machine.kernel.memory.waits.first { $0.pid == process.pid }?.reason)
    }
  }

  /// Starts a process, `pid` or the lowest free number from 1000.
  ///
  /// - Throws: ``DeviceError/Code/failed`` where the number is taken.
  public func start(_ command: String, pid: Int?) throws(DeviceError) -> Int {
    try doing("start \(command)") { try $0.startProcess(command, pid: pid) }
  }

  /// Ends a process; its mappings end with it.
  public func stop(_ pid: Int) throws(DeviceError) {
    try doing("stop process \(pid)") { try $0.stopProcess(pid) }
  }

  /// Copies a process, with what it has mapped and open.
  ///
  /// - Returns: The child's number: `child`, or the lowest free one from 1000.
  public func fork(_ pid: Int, child: Int?) throws(DeviceError) -> Int {
    try doing("fork process \(pid)") { try $0.forkProcess(pid, child: child) }
  }

  /// Spoils blocks of a namespace.
  ///
  /// - Parameters:
  ///   - name: By any name.
  ///   - extent: Of what its users have, bytes.
  /// - Throws: What the kernel would answer.
  public func injectErrors(_ name: String, _ extent: Extent) throws(DeviceError) {
    guard let found = try NameResolver(SimInventory(machine.kernel).inventory).namespaces([name]).first else {
      throw DeviceError(.notFound, "there is no namespace \(name)")
    }
    try doing("spoil \(found.dev)") { try $0.injectErrors(found.regionID, found.id, extent) }
  }

  // MARK: Partitions

  /// Cuts a partition from a block device. It is in the machine's memory alone, and gone with a boot.
  ///
  /// - Returns: Its name.
  public func makePartition(_ device: String, _ extent: Extent) throws(DeviceError) -> String {
    let disk = try volume(device)
    let number = try doing("partition \(device)") { try $0.makePartition(disk, extent) }
    return
      "\(try NameResolver(SimInventory(machine.kernel).inventory).namespaces([device])[0].node ?? "?")p\(number)"
  }

  public func resizePartition(_ name: String, to size: ByteCount) throws(DeviceError) {
    let volume = try volume(name)
    try doing("resize \(name)") { try $0.resizePartition(volume, to: size.rawValue) }
  }

  public func removePartition(_ name: String) throws(DeviceError) {
    guard let volume = partition(name) else { throw DeviceError(.notFound, "there is no partition \(name)") }
    try doing("remove \(name)") { try $0.removePartition(volume) }
  }

  // MARK: Freezing

  /// Stops a device's queue, or freezes the filesystem that is mounted in a folder.
  ///
  /// - Returns: How many page table entries were visited for it.
  public func freeze(_ name: String, policy: SimFreezePolicy?) throws(DeviceError) -> UInt64 {
    let (volume, isFilesystem) = try frozen(name)
    return try doing("freeze \(name)") {
      try $0.freeze(volume, isFilesystem: isFilesystem, policy: policy)
    }
  }

  /// - Returns: How many stores reached the media while it was frozen, and the processes that go on.
  public func thaw(_ name: String) throws(DeviceError) -> (stores: UInt64, woken: [Int]) {
    let (volume, isFilesystem) = try frozen(name)
    return try doing("thaw \(name)") { try $0.thaw(volume, isFilesystem: isFilesystem) }
  }

  func frozen(_ name: String) throws(DeviceError) -> (SimVolume, isFilesystem: Bool) {
    guard name.hasPrefix("/"), !name.hasPrefix("/dev/") else { return (try volume(name), false) }
    guard let found = machine.kernel.memory.filesystems.first(where: { $0.places.contains(name) }) else {
      throw DeviceError(.notFound, "nothing is mounted on \(name)")
    }
    return (found.volume, true)
  }

  // MARK: Faults in two halves

  /// Begins a fault, and stops in it where its block is looked up and its entry is not made.
  ///
  /// - Returns: The number to finish it by.
  public func beginFault(
    _ pid: Int, at address: UInt64, isStore: Bool, number: Int? = nil
  ) throws(DeviceError) -> Int {
    try doing("fault 0x\(String(address, radix: 16)) in process \(pid)") {
      try $0.beginFault(pid, at: address, isStore: isStore, number: number)
    }
  }

  /// - Returns: Whether the block that was looked up is still the mapping's.
  public func finishFault(_ id: Int) throws(DeviceError) -> Bool {
    try doing("finish fault \(id)") { try $0.finishFault(id) }
  }

  // MARK: Filesystems and files

  /// Makes an empty filesystem on a block device and mounts it; one that is mounted already, in one more place. It is in
  /// the machine's memory alone, and gone with a boot.
  ///
  /// - Parameters:
  ///   - device: By any name.
  ///   - folder: An absolute path.
  ///   - type: `ext4` or `xfs`.
  ///   - isDAX: With `dax=always`.
  /// - Throws: What the kernel would answer, with its reason.
  public func mount(_ device: String, on folder: String, type: String, isDAX: Bool) throws(DeviceError) {
    let volume = try volume(device)
    try doing("mount \(device) on \(folder)") { try $0.mount(volume, folder, type: type, isDAX: isDAX) }
  }

  /// - Parameters:
  ///   - folder: Where it is mounted.
  ///   - isLazy: Also while files are in use.
  /// - Throws: As above.
  public func unmount(_ folder: String, isLazy: Bool) throws(DeviceError) {
    try doing("unmount \(folder)") { try $0.unmount(folder, isLazy: isLazy) }
  }

  /// A file and where its blocks are.
  public struct File: Hashable, Sendable {
    /// With the place where its filesystem is mounted first.
    public let path: RawText
    public let inode: UInt64
    public let size: ByteCount
    /// `pmem0`, `dm-0`.
    public let device: String
    /// On that device, bytes.
    public let extents: [Extent]
  }

  public var files: [File] {
    let dax = SimDax(machine.kernel)
    return machine.kernel.memory.filesystems.flatMap { filesystem in
      let device = dax.device(filesystem.volume)
      return filesystem.files.map {
        File(
          path: SimUsage.path($0, on: filesystem), inode: $0.inode, size: ByteCount($0.size), device: device,
          extents: $0.extents)
      }
    }
  }

  /// Makes a file with blocks for all of its size.
  public func createFile(_ path: String, size: ByteCount) throws(DeviceError) {
    try doing("make \(path)") { _ = try $0.createFile(path, size: size.rawValue) }
  }

  /// Removes a file's name; its blocks are free when nobody uses it any more.
  ///
  /// - Parameters:
  ///   - path: Absolute.
  ///   - pid: Who does it, and waits where the kernel does; nil: nobody who could.
  /// - Returns: Whether it waits.
  /// - Throws: ``DeviceError/Code/failed`` where there is no such file.
  public func removeFile(_ path: String, by pid: Int? = nil) throws(DeviceError) -> SimAccess {
    try doing("remove \(path)") { try $0.removeFile(path, by: pid) }
  }

  // MARK: Descriptors, swap, stacks

  /// Opens a device or a file.
  public func open(_ pid: Int, _ name: String) throws(DeviceError) {
    let source = try source(name)
    try doing("open \(name) in process \(pid)") { try $0.open(pid, source) }
  }

  public func close(_ pid: Int, _ name: String) throws(DeviceError) {
    let source = try source(name)
    try doing("close \(name) in process \(pid)") { try $0.close(pid, source) }
  }

  public func swapOn(_ device: String) throws(DeviceError) {
    let volume = try volume(device)
    try doing("swap to \(device)") { try $0.swapOn(volume) }
  }

  public func swapOff(_ device: String) throws(DeviceError) {
    let volume = try volume(device)
    try doing("stop swapping to \(device)") { try $0.swapOff(volume) }
  }

  /// Joins block devices to one, as device mapper's linear target does.
  ///
  /// - Returns: Its kernel name, `dm-0`.
  public func stack(_ name: String, _ devices: [String]) throws(DeviceError) -> String {
    var volumes: [SimVolume] = []
    for device in devices { volumes.append(try volume(device)) }
    let number = try doing("make \(name)") { [volumes] in try $0.makeStack(name, volumes) }
    return "dm-\(number)"
  }

  public func unstack(_ name: String) throws(DeviceError) {
    try doing("remove \(name)") { try $0.removeStack(name) }
  }

  // MARK: Memory

  /// Maps a device or a file into a process, shared.
  ///
  /// - Parameters:
  ///   - name: By any name.
  ///   - pid: The process.
  ///   - offset: In the device or file, bytes.
  ///   - length: nil: to the end.
  ///   - isWritable: Whether stores are allowed.
  ///   - isSync: With MAP_SYNC.
  /// - Returns: The address.
  /// - Throws: What the kernel would answer, with its reason.
  public func map(
    _ name: String, into pid: Int, offset: UInt64, length: UInt64?, isWritable: Bool, isSync: Bool
  ) throws(DeviceError) -> UInt64 {
    let request = SimKernel.MapRequest(
      source: try source(name), offset: offset, length: length, isWritable: isWritable, isSync: isSync)
    return try doing("map \(name) into process \(pid)") { try $0.map(pid, request) }
  }

  /// Takes references to what a process has mapped, from `address` on: `length` bytes or all that is left of the mapping.
  ///
  /// - Parameters:
  ///   - pid: The process.
  ///   - address: In a mapping of it.
  ///   - length: Bytes; nil: to the mapping's end.
  ///   - kind: By what.
  ///   - number: To release them by; nil: the next.
  /// - Returns: What was taken.
  /// - Throws: What the kernel would answer, with its reason.
  public func pin(
    _ pid: Int, at address: UInt64, length: UInt64?, kind: SimPinKind, number: Int? = nil
  ) throws(DeviceError) -> Pinned {
    try doing("pin 0x\(String(address, radix: 16)) of process \(pid)") {
      let (id, grant) = try $0.pin(pid, at: address, length: length, kind: kind, number: number)
      return Pinned(
        id: id, pages: grant.pages, undone: grant.undone, pageOperations: grant.pageOperations,
        deviceOperations: grant.deviceOperations, copied: grant.copied)
    }
  }

  /// What pinning took.
  public struct Pinned: Hashable, Sendable {
    /// The number to release it by.
    public let id: Int
    /// References that were taken, in pages of 4 KiB.
    public let pages: UInt64
    /// Of those that were tried, how many were given back again because one was not to be had.
    public let undone: UInt64
    /// Counters of pages, and of their device, that were changed.
    public let pageOperations: UInt64
    public let deviceOperations: UInt64
    /// Pages of 4 KiB that were copied to DRAM: of the page cache, or under the policy that bounces.
    public let copied: UInt64
  }

  /// Releases what ``pin(_:at:length:kind:)`` took.
  public func unpin(_ id: Int) throws(DeviceError) {
    try doing("release pin \(id)") { try $0.unpin(id) }
  }

  /// Takes a mapping away, from `address` on: `length` bytes or all that is left of it.
  public func unmap(_ pid: Int, at address: UInt64, length: UInt64?) throws(DeviceError) {
    try doing("unmap 0x\(String(address, radix: 16)) of process \(pid)") {
      try $0.unmap(pid, at: address, length: length)
    }
  }

  /// Accesses memory, by loads or by stores.
  ///
  /// - Returns: What came of it.
  /// - Throws: ``DeviceError/Code/failed`` where nothing is mapped.
  public func access(
    _ pid: Int, at address: UInt64, length: UInt64, isStore: Bool
  ) throws(DeviceError) -> SimAccess {
    try doing("touch 0x\(String(address, radix: 16)) in process \(pid)") {
      try $0.access(pid, at: address, length: length, isStore: isStore)
    }
  }

  func doing<Result>(
    _ what: String, _ body: (SimKernel) throws -> Result
  ) throws(DeviceError) -> Result {
    do {
      var result: Result?
      try machine.change { result = try body($0) }
      guard let result else { throw SimFault(EIO, "nothing came of it") }
      return result
    } catch let fault as SimFault {
      throw DeviceError(
        fault.errno == ESRCH ? .notFound : .failed,
        "cannot \(what): \(String(cString: strerror(fault.errno)))",
        details: ["the kernel's reason: \(fault.reason)"], errno: fault.errno)
    } catch let error as DeviceError {
      throw error
    } catch {
      throw DeviceError(.failed, "cannot \(what): \(error)")
    }
  }
}
