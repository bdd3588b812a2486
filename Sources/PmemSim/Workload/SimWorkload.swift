import Glibc
public import PmemDevice
public import PmemModel

/// The activity of programs on a simulated machine, for the rest of pmemctl to find.
public struct SimWorkload {
  let machine: SimMachine

  /// - Parameter machine: Opened for writing if anything is changed.
  public init(_ machine: SimMachine) { self.machine = machine }

  /// A process and what it maps.
  public struct Process: Hashable, Sendable {
    public let name: ProcessName
    /// The number of its mappings, including those of removed devices.
    public let mappings: Int
    /// Bytes mapped, including those of removed devices.
    public let mapped: ByteCount
    /// The object that it waits for; nil if it runs.
    public let waitsFor: String?
    /// As ps(1) has it: `R` if it runs, `S` if any signal ends its wait, else `D`.
    public let state: String
    /// Whether SIGKILL ends it at once.
    public let isKillable: Bool
  }

  public var processes: [Process] {
    machine.kernel.model.state.processes.map { process in
      let task = machine.kernel.storedModel.state.blockedTasks.first { $0.pid == process.pid }
      return Process(
        name: ProcessName(pid: process.pid.rawValue, command: RawText(process.command)),
        mappings: process.mappings.count,
        mapped: ByteCount(process.mappings.reduce(0) { $0 + $1.length }),
        waitsFor: task?.reason, state: task.map { $0.cause.isInterruptible ? "S" : "D" } ?? "R",
        isKillable: task?.isKillable ?? true)
    }
  }

  /// Starts a process, `pid` or the lowest free number from 1000.
  ///
  /// - Throws: `DeviceError.Code.failed` if the number is in use.
  public func start(_ command: String, pid: Int?) throws(DeviceError) -> Int {
    try perform(.startProcess(command: command, as: pid.map { ProcessID($0) }), "start \(command)") {
      if case .started(let pid) = $0 { pid.rawValue } else { nil }
    }
  }

  /// Ends a process; its mappings end with it.
  public func stop(_ pid: Int) throws(DeviceError) {
    try perform(.stopProcess(ProcessID(pid)), "stop process \(pid)")
  }

  /// Copies a process, with what it has mapped and open.
  ///
  /// - Returns: The child's number: `child`, or the lowest free one from 1000.
  public func fork(_ pid: Int, child: Int?) throws(DeviceError) -> Int {
    try perform(.forkProcess(ProcessID(pid), child: child.map { ProcessID($0) }), "fork process \(pid)") {
      if case .started(let pid) = $0 { pid.rawValue } else { nil }
    }
  }

  // MARK: Partitions

  /// Creates a partition on a block device. It exists in the machine's memory alone, and a boot discards it.
  ///
  /// - Returns: Its name.
  public func makePartition(_ device: String, _ extent: Extent) throws(DeviceError) -> String {
    let disk = try volume(device)
    let number = try perform(.makePartition(disk, extent), "partition \(device)", SimWorkload.number)
    return
      "\(try NameResolver(SimInventory(machine.kernel.nvdimm).inventory).namespaces([device])[0].node ?? "?")p\(number)"
  }

  /// Moves the end of a partition, as BLKPG_RESIZE_PARTITION does. Throws if it is not one.
  public func resizePartition(_ name: String, to size: ByteCount) throws(DeviceError) {
    let volume = try volume(name)
    try perform(.resizePartition(volume, size: size.rawValue), "resize \(name)")
  }

  /// Removes a partition. Throws if it is in use, or not one.
  public func removePartition(_ name: String) throws(DeviceError) {
    guard let volume = partition(name) else { throw DeviceError(.notFound, "there is no partition \(name)") }
    try perform(.removePartition(volume), "remove \(name)")
  }

  // MARK: Freezing

  /// Stops a device's queue, or freezes the filesystem that is mounted on a directory.
  ///
  /// - Parameters:
  ///   - name: Of the device, or the directory.
  ///   - policy: nil: the one in force.
  ///   - pid: The process that does it, and waits as in the kernel; nil: it does not wait.
  /// - Returns: How many page table entries were visited for it; nil while the process waits.
  /// - Throws: The kernel's error, with its reason.
  public func freeze(_ name: String, policy: FreezePolicy?, by pid: Int? = nil) throws(DeviceError) -> UInt64?
  {
    let (volume, isFilesystem) = try freezable(name)
    let action = Action.freeze(volume, isFilesystem: isFilesystem, policy, by: pid.map { ProcessID($0) })
    return try perform(action, "freeze \(name)") { outcome -> UInt64?? in
      switch outcome {
      case .frozen(let visited): .some(visited)
      case .blocked: .some(nil)
      default: nil
      }
    }
  }

  /// - Returns: The number of stores that reached the media while it was frozen, and the processes that continue.
  public func thaw(_ name: String) throws(DeviceError) -> (stores: UInt64, woken: [Int]) {
    let (volume, isFilesystem) = try freezable(name)
    let (stores, woken) = try perform(.thaw(volume, isFilesystem: isFilesystem), "thaw \(name)") {
      if case .thawed(let stores, let woken) = $0 { (stores, woken) } else { nil }
    }
    return (stores, woken.map(\.rawValue))
  }

  /// The object to freeze: a device's queue, or the filesystem mounted on a directory.
  public func freezable(
    _ name: String
  ) throws(DeviceError) -> (volume: Volume, isFilesystem: Bool) {
    guard name.hasPrefix("/"), !name.hasPrefix("/dev/") else { return (try volume(name), false) }
    guard let found = machine.kernel.model.state.filesystems.first(where: { $0.mountPoints.contains(name) })
    else {
      throw DeviceError(.notFound, "nothing is mounted on \(name)")
    }
    return (found.volume, true)
  }

  // MARK: Faults in two halves

  /// Begins a fault, and stops between the look-up of its block and the insertion of its entry.
  ///
  /// - Returns: The number to finish it by.
  public func beginFault(
    _ pid: Int, at address: UInt64, isStore: Bool, number: Int? = nil
  ) throws(DeviceError) -> Int {
    try perform(
      .beginFault(
        ProcessID(pid), .absolute(address), isStore: isStore, number: number.map { FaultID($0) }),
      "fault 0x\(String(address, radix: 16)) in process \(pid)"
    ) {
      if case .faultBegan(let id) = $0 { id.rawValue } else { nil }
    }
  }

  /// - Returns: Whether the block that was looked up is still the mapping's.
  public func finishFault(_ id: Int) throws(DeviceError) -> Bool {
    try perform(.finishFault(FaultID(id)), "finish fault \(id)") {
      if case .faultEnded(let isOwn) = $0 { isOwn } else { nil }
    }
  }

  // MARK: Descriptors, swap, stacks

  /// Opens a device or a file.
  public func open(_ pid: Int, _ name: String) throws(DeviceError) {
    let source = try source(name)
    try perform(.open(ProcessID(pid), .object(source)), "open \(name) in process \(pid)")
  }

  /// Closes a process's open file of this name. Throws if there is none.
  public func close(_ pid: Int, _ name: String) throws(DeviceError) {
    let source = try source(name)
    try perform(.close(ProcessID(pid), .object(source)), "close \(name) in process \(pid)")
  }

  /// Makes a block device swap space. Throws if it is in use.
  public func swapOn(_ device: String) throws(DeviceError) {
    let volume = try volume(device)
    try perform(.swapOn(volume), "swap to \(device)")
  }

  /// Ends its use as swap space. Throws if it is none.
  public func swapOff(_ device: String) throws(DeviceError) {
    let volume = try volume(device)
    try perform(.swapOff(volume), "stop swapping to \(device)")
  }

  /// Joins block devices to one, as device mapper's linear target does.
  ///
  /// - Returns: Its kernel name, `dm-0`.
  public func stack(_ name: String, _ devices: [String]) throws(DeviceError) -> String {
    var volumes: [Volume] = []
    for device in devices { volumes.append(try volume(device)) }
    let number = try perform(.makeStack(name, volumes), "create \(name)", SimWorkload.number)
    return "dm-\(number)"
  }

  /// Removes a stacked device. Throws if it is in use.
  public func unstack(_ name: String) throws(DeviceError) {
    try perform(.removeStack(name), "remove \(name)")
  }

  // MARK: Memory

  /// Maps a device or a file into a process.
  ///
  /// - Parameters:
  ///   - name: By any name.
  ///   - pid: The process.
  ///   - offset: In the device or file, bytes.
  ///   - length: nil: to the end.
  ///   - isWritable: Whether stores are allowed.
  ///   - isSync: With MAP_SYNC.
  ///   - isPrivate: With MAP_PRIVATE.
  /// - Returns: The address.
  /// - Throws: The kernel's error, with its reason.
  public func map(
    _ name: String, into pid: Int, offset: UInt64, length: UInt64?, isWritable: Bool, isSync: Bool,
    isPrivate: Bool = false
  ) throws(DeviceError) -> UInt64 {
    let action = Action.map(
      ProcessID(pid), .object(try source(name)), offset: offset, length: length, isWritable: isWritable,
      isSync: isSync, isPrivate: isPrivate)
    return try perform(action, "map \(name) into process \(pid)") {
      if case .mapped(let id) = $0 { id.start } else { nil }
    }
  }

  /// Takes references to what a process has mapped, from `address` on: `length` bytes or all that is left of the mapping.
  ///
  /// - Parameters:
  ///   - pid: The process.
  ///   - address: In a mapping of it.
  ///   - length: Bytes; nil: to the mapping's end.
  ///   - kind: By what.
  ///   - isWrite: Whether the holder writes to the pages; nil: as such a holder usually does.
  ///   - number: To release them by; nil: the next.
  /// - Returns: The references taken; nil while the process waits.
  /// - Throws: The kernel's error, with its reason.
  public func pin(
    _ pid: Int, at address: UInt64, length: UInt64?, kind: PinKind, isWrite: Bool? = nil, number: Int? = nil
  ) throws(DeviceError) -> Pinned? {
    let action = Action.pin(
      ProcessID(pid), .absolute(address), length: length, kind, isWrite: isWrite,
      number: number.map { PinID($0) })
    return try perform(action, "pin 0x\(String(address, radix: 16)) of process \(pid)") {
      outcome -> Pinned?? in
      if case .blocked = outcome { return .some(nil) }
      guard case .pinned(let id, let grant) = outcome else { return nil }
      return Pinned(
        id: id.rawValue, pages: grant.pages, undone: grant.undone, pageOperations: grant.pageOperations,
        deviceOperations: grant.deviceOperations, copied: grant.copied)
    }
  }

  /// The result of pinning.
  public struct Pinned: Hashable, Sendable {
    /// The number to release it by.
    public let id: Int
    /// References that were taken, in pages of 4 KiB.
    public let pages: UInt64
    /// Of those that were tried, how many were given back again because one was not to be had.
    public let undone: UInt64
    /// Counters of pages, and of their device, that were changed.
    public let pageOperations: UInt64
    /// Those of them that were the device's.
    public let deviceOperations: UInt64
    /// Pages of 4 KiB that were copied to DRAM: of the page cache, or under the policy that bounces.
    public let copied: UInt64
  }

  /// Releases the references of ``pin(_:at:length:kind:isWrite:number:)``.
  public func unpin(_ id: Int) throws(DeviceError) {
    try perform(.unpin(PinID(id)), "release pin \(id)")
  }

  /// Takes a mapping away, from `address` on: `length` bytes or all that is left of it.
  public func unmap(_ pid: Int, at address: UInt64, length: UInt64?) throws(DeviceError) {
    try perform(
      .unmap(ProcessID(pid), .absolute(address), length: length),
      "unmap 0x\(String(address, radix: 16)) of process \(pid)")
  }

  /// Accesses memory, by loads or by stores.
  ///
  /// - Returns: The effect.
  /// - Throws: `DeviceError.Code.failed` if nothing is mapped.
  public func access(
    _ pid: Int, at address: UInt64, length: UInt64, isStore: Bool
  ) throws(DeviceError) -> AccessOutcome {
    try perform(
      .access(ProcessID(pid), .absolute(address), length: length, isStore: isStore),
      "touch 0x\(String(address, radix: 16)) in process \(pid)",
      SimWorkload.access)
  }

  func doing<Result>(
    _ what: String, _ body: (SimKernel) throws -> Result
  ) throws(DeviceError) -> Result {
    do {
      var result: Result?
      try machine.change { result = try body($0) }
      guard let result else { throw KernelRefusal(EIO, "no result") }
      return result
    } catch let fault as KernelRefusal {
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
