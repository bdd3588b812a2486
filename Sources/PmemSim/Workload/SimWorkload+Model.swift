public import PmemDevice

/// The mechanisms that the memory model has beyond mappings and pins.
extension SimWorkload {
  // MARK: Policies

  /// A question of ``SimPolicyCatalog`` and how a machine answers it.
  public struct PolicyState: Hashable, Sendable {
    public let policy: SimPolicy
    /// In force.
    public let choice: String
    /// Whether somebody chose it; else it is what the machine's kernel does.
    public let isChosen: Bool
  }

  public var policies: [PolicyState] {
    let view = machine.kernel.policies
    return SimPolicy.allCases.map {
      PolicyState(policy: $0, choice: view.word($0), isChosen: view.chosen.chosen[$0] != nil)
    }
  }

  /// - Parameters:
  ///   - policy: The question.
  ///   - choice: nil: what the machine's kernel does.
  /// - Throws: ``DeviceError/Code/failed`` for what cannot be chosen.
  public func choose(_ policy: SimPolicy, _ choice: String?) throws(DeviceError) {
    try doing("choose \(choice ?? "kernel") for \(policy.rawValue)") { try $0.choose(policy, choice) }
  }

  // MARK: Files

  /// Gives a file another size.
  public func truncate(_ pid: Int, _ path: String, to size: ByteCount) throws(DeviceError) -> SimAccess {
    let source = try source(path)
    return try doing("truncate \(path)") {
      try $0.perform(.truncate(source, size: size.rawValue), by: pid)
    }
  }

  /// Writes to a file, or reads it, by system call.
  ///
  /// - Throws: ``DeviceError/Code/failed`` behind its end.
  public func readOrWrite(
    _ pid: Int, _ path: String, offset: UInt64, length: UInt64?, isWrite: Bool
  ) throws(DeviceError) {
    let source = try source(path)
    try doing("\(isWrite ? "write to" : "read") \(path)") {
      try $0.readOrWrite(pid, source, offset: offset, length: length, isWrite: isWrite)
    }
  }

  /// Writes a file's dirty pages to the media; with `isSync` as fsync(2), which promises that all of them are there.
  public func writeback(_ pid: Int, _ path: String, isSync: Bool) throws(DeviceError) -> SimAccess {
    let source = try source(path)
    return try doing("write \(path) back") { try $0.perform(.writeback(source, isSync: isSync), by: pid) }
  }

  /// Commits the journal of the filesystem that is mounted on a folder.
  public func commit(_ folder: String) throws(DeviceError) {
    let (volume, isFilesystem) = try frozen(folder)
    guard isFilesystem else { throw DeviceError(.failed, "\(folder) is no folder of a filesystem") }
    try doing("commit \(folder)") { try $0.commit(volume) }
  }

  /// The power fails and comes back: filesystems are as their journals have them, nothing else is left.
  public func crash() throws(DeviceError) { try doing("crash") { $0.crash() } }

  // MARK: Hardware

  /// Has the hardware behind a pin write to all of it.
  public func writeThroughPin(_ id: Int) throws(DeviceError) {
    try doing("write through pin \(id)") { try $0.writeThroughPin(id) }
  }

  /// What direct I/O is between.
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
  /// - Returns: The number to finish it by.
  public func begin(_ transfer: Transfer, by pid: Int, number: Int?) throws(DeviceError) -> Int {
    let storage = try source(transfer.storage)
    return try doing("begin direct I/O in process \(pid)") {
      try $0.beginTransfer(
        pid, buffer: transfer.buffer, length: transfer.length, storage: storage, offset: transfer.offset,
        isRead: transfer.isRead, number: number)
    }
  }

  public func finishTransfer(_ id: Int) throws(DeviceError) {
    try doing("finish transfer \(id)") { try $0.finishTransfer(id) }
  }

  // MARK: Teardown

  /// Takes a namespace's driver away, without looking who uses it.
  public func unbind(_ pid: Int, _ name: String) throws(DeviceError) -> SimAccess {
    let (region, id) = try bound(name)
    return try doing("unbind \(name)") { try $0.perform(.unbind(region: region, id: id), by: pid) }
  }

  public func bind(_ name: String) throws(DeviceError) {
    let (region, id) = try bound(name)
    try doing("bind \(name)") { try $0.enableNamespace(region, id) }
  }

  private func bound(_ name: String) throws(DeviceError) -> (Int, Int) {
    guard case .namespace(let region, let id) = try volume(name) else {
      throw DeviceError(.failed, "\(name) is no namespace")
    }
    return (region, id)
  }

  // MARK: Providers

  /// A driver with ->direct_access, and what became of it.
  public struct Provider: Hashable, Sendable {
    public let name: String
    public let kind: String
    /// Of 4 KiB.
    public let pages: UInt64
    public let present: UInt64
    public let fetching: UInt64
    /// How many more the machine has memory for; of brd.
    public let pool: UInt64
    public let calls: UInt64
    public let sleeps: UInt64
  }

  public static let providerKinds = SimProvider.Kind.allCases.map(\.rawValue)

  public var providers: [Provider] {
    machine.kernel.memory.providers.map {
      Provider(
        name: $0.name, kind: $0.kind.rawValue, pages: $0.pages, present: $0.present.length / 4096,
        fetching: $0.fetching.length / 4096, pool: $0.pool, calls: $0.calls, sleeps: $0.sleeps)
    }
  }

  /// - Parameters:
  ///   - name: What it is called.
  ///   - kind: Of ``providerKinds``.
  ///   - size: Whole pages.
  ///   - pool: For how many pages there is memory.
  /// - Throws: ``DeviceError/Code/usage`` for what cannot be, ``DeviceError/Code/failed`` where the name is taken.
  public func makeProvider(
    _ name: String, kind: String, size: ByteCount, pool: UInt64
  ) throws(DeviceError) {
    guard let kind = SimProvider.Kind(rawValue: kind) else {
      throw DeviceError(.usage, "\"\(kind)\" is none of \(Self.providerKinds.joined(separator: ", "))")
    }
    guard size.rawValue % 4096 == 0 else { throw DeviceError(.usage, "a provider is whole pages of 4 KiB") }
    try doing("make \(name)") {
      try $0.makeProvider(SimProvider(name: name, kind: kind, pages: size.rawValue / 4096, pool: pool))
    }
  }

  public func removeProvider(_ name: String) throws(DeviceError) {
    try doing("remove \(name)") { try $0.removeProvider(name) }
  }

  public func setPool(_ name: String, _ pages: UInt64) throws(DeviceError) {
    try doing("give \(name) memory") { try $0.setPool(name, pages) }
  }

  /// What a provider fetched has come, or, with `fails`, has not.
  public func finishUpdate(_ name: String, fails: Bool) throws(DeviceError) {
    try doing("update \(name)") { try $0.finishUpdate(name, fails: fails) }
  }

  /// Calls ->direct_access of a provider, or of a namespace's device.
  public func directAccess(
    _ pid: Int, _ name: String, page: UInt64, pages: UInt64, isAtomic: Bool
  ) throws(DeviceError) -> SimDirectAccess {
    guard machine.kernel.memory.providers.contains(where: { $0.name == name }) else {
      let volume = try volume(name)
      return try doing("access \(name)") { try $0.pmemDirectAccess(volume, page, pages) }
    }
    return try doing("access \(name)") {
      try $0.directAccess(pid, name, page, pages, isAtomic: isAtomic)
    }
  }

  // MARK: Judging

  /// What must never be, and is or was.
  public var violations: [SimViolation] { machine.kernel.violations() }

  /// Why a process waits; nil where it does not.
  public func wait(of pid: Int) -> String? { machine.kernel.memory.waits.first { $0.pid == pid }?.reason }

  /// Processes that went on since this was asked last, and what came of it.
  public func takeWoken() -> [(pid: Int, outcome: String)] {
    defer { machine.kernel.woken = [] }
    return machine.kernel.woken
  }
}

extension SimWorkload {
  /// Takes and gives back a reference to one page of a namespace, many times; for measuring.
  package func getAndPut(_ namespace: String, page: UInt64, times: Int) throws(DeviceError) {
    guard case .namespace(let region, let id) = try volume(namespace) else { return }
    let reference = machine.kernel.policies.pageReference
    machine.kernel.memory.withPages(region, id) { pages in
      for _ in 0..<times {
        _ = pages.add(1, to: page..<(page + 1), isPin: true, reference)
        _ = pages.add(-1, to: page..<(page + 1), isPin: true, reference)
      }
    }
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
    machine.kernel.memory.filesystems.map { filesystem in
      let size = (try? machine.kernel.size(of: filesystem.volume)) ?? 0
      var kept = filesystem.held
      for extent in filesystem.uncommitted.extents { kept.insert(extent) }
      return Space(
        used: filesystem.files.reduce(0) { $0 + $1.allocated }, held: kept.length,
        free: filesystem.free(of: size).reduce(0) { $0 + $1.length },
        total: max(size / SimFilesystem.block * SimFilesystem.block, SimFilesystem.reserved)
          - SimFilesystem.reserved,
        isFrozen: machine.kernel.memory.freezes.contains { $0.isFilesystem && $0.volume == filesystem.volume }
      )
    }
  }
}
