public import PmemDevice
public import PmemModel

/// The mechanisms that the memory model has beyond mappings and pins.
extension SimWorkload {
  // MARK: Policies

  /// A question of `PolicyCatalog` and how a machine answers it.
  public struct PolicyState: Hashable, Sendable {
    public let policy: Policy
    /// In force.
    public let choice: String
    /// Whether it was chosen; otherwise it is the behaviour of the machine's kernel.
    public let isChosen: Bool
  }

  public var policies: [PolicyState] {
    let view = machine.kernel.model.policies
    return Policy.allCases.map {
      PolicyState(policy: $0, choice: view.word($0), isChosen: view.chosen.chosen[$0] != nil)
    }
  }

  /// - Parameters:
  ///   - policy: The question.
  ///   - choice: nil: the behaviour of the machine's kernel.
  /// - Throws: `DeviceError.Code.failed` for what cannot be chosen.
  public func choose(_ policy: Policy, _ choice: String?) throws(DeviceError) {
    try perform(.choose(policy, choice), "choose \(choice ?? "kernel") for \(policy.rawValue)")
  }

  // MARK: Files

  /// Gives a file another size.
  public func truncate(_ pid: Int, _ path: String, to size: ByteCount) throws(DeviceError) -> AccessOutcome {
    let source = try source(path)
    return try perform(
      .truncate(ProcessID(pid), .object(source), size: size.rawValue), "truncate \(path)", SimWorkload.access)
  }

  /// Writes to a file, or reads it, by system call.
  ///
  /// - Returns: Whether the process waits.
  /// - Throws: `DeviceError.Code.failed` behind its end.
  @discardableResult
  public func readOrWrite(
    _ pid: Int, _ path: String, offset: UInt64, length: UInt64?, isWrite: Bool, isSync: Bool = false
  ) throws(DeviceError) -> AccessOutcome {
    let source = try source(path)
    return try perform(
      isWrite
        ? .write(ProcessID(pid), .object(source), offset: offset, length: length, isSync: isSync)
        : .read(ProcessID(pid), .object(source), offset: offset, length: length),
      "\(isWrite ? "write to" : "read") \(path)", SimWorkload.access)
  }

  /// Writes everything of the filesystem that is mounted on a directory to the media, as syncfs(2).
  public func sync(_ pid: Int, _ mountPoint: String) throws(DeviceError) -> AccessOutcome {
    let (volume, isFilesystem) = try freezable(mountPoint)
    guard isFilesystem else { throw DeviceError(.failed, "\(mountPoint) is not a directory of a filesystem") }
    return try perform(.sync(ProcessID(pid), volume), "sync \(mountPoint)", SimWorkload.access)
  }

  /// Writes a file's dirty pages to the media; with `isSync` as fsync(2), which promises that all of them are durable.
  public func writeback(_ pid: Int, _ path: String, isSync: Bool) throws(DeviceError) -> AccessOutcome {
    let source = try source(path)
    return try perform(
      .writeback(ProcessID(pid), .object(source), isSync: isSync), "write \(path) back", SimWorkload.access)
  }

  /// Commits the journal of the filesystem that is mounted on a directory.
  public func commit(_ mountPoint: String) throws(DeviceError) {
    let (volume, isFilesystem) = try freezable(mountPoint)
    guard isFilesystem else { throw DeviceError(.failed, "\(mountPoint) is not a directory of a filesystem") }
    try perform(.commit(volume), "commit \(mountPoint)")
  }

  /// The power fails and comes back: filesystems are as their journals have them, nothing else is left.
  public func crash() throws(DeviceError) { try perform(.crash, "crash") }

  // MARK: Hardware

  /// Has the hardware behind a pin write to all of it.
  public func writeThroughPin(_ id: Int) throws(DeviceError) {
    try perform(.writeThroughPin(PinID(id)), "write through pin \(id)")
  }

  /// The two ends of direct I/O.
  public struct Transfer: Hashable, Sendable {
    /// In the process.
    public var buffer: UInt64
    /// Bytes.
    public var length: UInt64
    /// A file.
    public var storage: String
    /// In the file, bytes.
    public var offset: UInt64
    /// From the storage into the buffer.
    public var isRead: Bool

    public init(buffer: UInt64, length: UInt64, storage: String, offset: UInt64, isRead: Bool) {
      self.buffer = buffer
      self.length = length
      self.storage = storage
      self.offset = offset
      self.isRead = isRead
    }
  }

  /// Begins direct I/O.
  ///
  /// - Returns: The number to finish it by; nil while the process waits.
  public func begin(_ transfer: Transfer, by pid: Int, number: Int?) throws(DeviceError) -> Int? {
    let storage = try source(transfer.storage)
    let action = Action.beginTransfer(
      ProcessID(pid), buffer: .absolute(transfer.buffer), length: transfer.length,
      storage: .object(storage), offset: transfer.offset, isRead: transfer.isRead,
      number: number.map { TransferID($0) })
    return try perform(action, "begin direct I/O in process \(pid)") { outcome -> Int?? in
      switch outcome {
      case .transferBegan(let id): .some(id.rawValue)
      case .blocked: .some(nil)
      default: nil
      }
    }
  }

  /// Direct I/O ends: its pages are released. Throws if there is none of that number.
  public func finishTransfer(_ id: Int) throws(DeviceError) {
    try perform(.finishTransfer(TransferID(id)), "finish transfer \(id)")
  }

  // MARK: Teardown

  /// Takes a namespace's driver away, without looking who uses it.
  public func unbind(_ pid: Int, _ name: String) throws(DeviceError) -> AccessOutcome {
    let device = try bound(name)
    return try perform(.unbind(ProcessID(pid), device), "unbind \(name)", SimWorkload.access)
  }

  /// Enables a namespace whose driver was unbound. Throws what the kernel refuses.
  public func bind(_ name: String) throws(DeviceError) {
    let device = try bound(name)
    try doing("bind \(name)") { try $0.nvdimm.enableNamespace(device.region, device.namespace) }
  }

  func bound(_ name: String) throws(DeviceError) -> DeviceID {
    guard case .device(let device) = try volume(name) else {
      throw DeviceError(.failed, "\(name) is not a namespace")
    }
    return device
  }

  // MARK: Providers

  /// A driver with ->direct_access, and what became of it.
  public struct Provider: Hashable, Sendable {
    public let name: String
    public let kind: String
    /// Of 4 KiB.
    public let pages: UInt64
    /// Pages that are in memory.
    public let present: UInt64
    /// Pages that are being read in.
    public let fetching: UInt64
    /// How many more the machine has memory for; of brd.
    public let pool: UInt64
    /// How often ->direct_access was called.
    public let calls: UInt64
    /// How many of the calls slept.
    public let sleeps: UInt64
  }

  public static let providerKinds = DirectAccessDriver.Kind.allCases.map(\.rawValue)

  public var providers: [Provider] {
    machine.kernel.model.state.providers.map {
      Provider(
        name: $0.name, kind: $0.kind.rawValue, pages: $0.pages, present: $0.present.length / 4096,
        fetching: $0.fetching.length / 4096, pool: $0.pool, calls: $0.calls, sleeps: $0.sleeps)
    }
  }

  /// - Parameters:
  ///   - name: Its name.
  ///   - kind: Of ``providerKinds``.
  ///   - size: Whole pages.
  ///   - pool: For how many pages there is memory.
  ///   - namespace: The namespace whose faults it serves; it has the same size then. nil: none.
  /// - Throws: `DeviceError.Code.usage` for impossible arguments, `DeviceError.Code.failed` if the name exists.
  public func makeProvider(
    _ name: String, kind: String, size: ByteCount, pool: UInt64, under namespace: String? = nil
  ) throws(DeviceError) {
    guard let kind = DirectAccessDriver.Kind(rawValue: kind) else {
      throw DeviceError(
        .usage, "\"\(kind)\" is not a kind of driver",
        details: ["valid values: \(Self.providerKinds.joined(separator: ", "))"])
    }
    if let namespace {
      let device = try bound(namespace)
      return try perform(.makeDriverUnder(device, name, kind, pool: pool), "create \(name)")
    }
    guard size.rawValue % 4096 == 0 else { throw DeviceError(.usage, "a provider is whole pages of 4 KiB") }
    try perform(.makeDriver(name, kind, pages: size.rawValue / 4096, pool: pool), "create \(name)")
  }

  /// Removes a provider. Throws if it is in use.
  public func removeProvider(_ name: String) throws(DeviceError) {
    try perform(.removeDriver(name), "remove \(name)")
  }

  /// The number of 4 KiB pages that a provider may still take from the machine's memory. Throws if it has no pool.
  public func setPool(_ name: String, _ pages: UInt64) throws(DeviceError) {
    try perform(.setPool(name, pages: pages), "give \(name) memory")
  }

  /// A provider's fetch completes or, with `fails`, fails.
  public func finishUpdate(_ name: String, fails: Bool) throws(DeviceError) {
    try perform(.finishUpdate(name, fails: fails), "update \(name)")
  }

  /// Calls ->direct_access of a provider, or of a namespace's device.
  public func directAccess(
    _ pid: Int, _ name: String, page: UInt64, pages: UInt64, isAtomic: Bool
  ) throws(DeviceError) -> DirectAccessGrant {
    guard machine.kernel.model.state.providers.contains(where: { $0.name == name }) else {
      let volume = try volume(name)
      return try perform(.deviceAccess(volume, page: page, pages: pages), "access \(name)", SimWorkload.grant)
    }
    return try perform(
      .directAccess(ProcessID(pid), driver: name, page: page, pages: pages, isAtomic: isAtomic),
      "access \(name)",
      SimWorkload.grant)
  }

  // MARK: Judging

  /// All that runs on the machine, as a value.
  public var model: MemoryModel { machine.kernel.model }

  /// Present and past violations of invariants.
  public var violations: [Violation] { machine.kernel.model.violations() }

  /// Why a process waits; nil if it does not.
  public func wait(of pid: Int) -> String? {
    machine.kernel.model.state.blockedTasks.first { $0.pid.rawValue == pid }?.reason
  }

  /// Processes that went on since this was asked last, and what came of it.
  public func takeWoken() -> [(pid: Int, outcome: String)] {
    defer { machine.kernel.wokenTasks = [] }
    return machine.kernel.wokenTasks.map { ($0.pid.rawValue, $0.outcome) }
  }
}

extension SimWorkload {
  /// Takes and gives back a reference to one page of a namespace, many times; for measuring.
  package func getAndPut(_ namespace: String, page: UInt64, times: Int) throws(DeviceError) {
    guard case .device(let device) = try volume(namespace) else { return }
    machine.kernel.model.getAndPut(device, page: page, times: times)
  }

  /// How a filesystem's blocks are used, in bytes.
  package struct Space: Hashable, Sendable {
    package let used: UInt64
    /// Of no file, and not to be allocated: pinned, or freed in the running transaction.
    package let held: UInt64
    package let free: UInt64
    package let total: UInt64
    package let isFrozen: Bool
  }

  package var spaces: [Space] {
    machine.kernel.model.state.filesystems.map { filesystem in
      let size = (try? machine.kernel.model.size(of: filesystem.volume)) ?? 0
      var kept = filesystem.held
      for extent in filesystem.uncommitted.extents { kept.insert(extent) }
      return Space(
        used: filesystem.files.reduce(0) { $0 + $1.allocated }, held: kept.length,
        free: filesystem.free(of: size).reduce(0) { $0 + $1.length },
        total: max(size / Filesystem.block * Filesystem.block, Filesystem.reserved)
          - Filesystem.reserved,
        isFrozen: machine.kernel.model.state.freezes.contains {
          $0.isFilesystem && $0.volume == filesystem.volume
        }
      )
    }
  }
}
