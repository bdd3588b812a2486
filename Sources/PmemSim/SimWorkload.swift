import Glibc
public import PmemDevice

/// What programs do on a simulated machine, for the rest of pmemctl to find.
public struct SimWorkload {
  private let machine: SimMachine

  /// - Parameter machine: Opened for writing where anything is changed.
  public init(_ machine: SimMachine) { self.machine = machine }

  /// A process and what it maps.
  public struct Process: Hashable, Sendable {
    public let name: ProcessName
    public let mappings: Int
    /// Bytes mapped, of devices that are gone too.
    public let mapped: ByteCount
  }

  public var processes: [Process] {
    machine.kernel.processes.map { process in
      Process(
        name: ProcessName(pid: process.pid, command: RawText(process.command)),
        mappings: process.mappings.count,
        mapped: ByteCount(process.mappings.reduce(0) { $0 + $1.length }))
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

  /// Maps a namespace's device into a process, shared.
  ///
  /// - Parameters:
  ///   - namespace: Enabled.
  ///   - pid: Into which process.
  ///   - offset: In the device, bytes.
  ///   - length: nil: to the device's end.
  ///   - isWritable: Whether stores are allowed.
  /// - Returns: The address.
  /// - Throws: What the kernel would answer, with its reason.
  public func map(
    _ namespace: Namespace, into pid: Int, offset: UInt64, length: UInt64?, isWritable: Bool
  ) throws(DeviceError) -> UInt64 {
    try doing("map \(namespace.dev) into process \(pid)") { kernel in
      try kernel.map(
        pid, region: namespace.regionID, namespace: namespace.id, offset: offset, length: length,
        isWritable: isWritable)
    }
  }

  /// Takes a mapping away, from `address` on: `length` bytes or all that is left of it.
  public func unmap(_ pid: Int, at address: UInt64, length: UInt64?) throws(DeviceError) {
    try doing("unmap 0x\(String(address, radix: 16)) of process \(pid)") {
      try $0.unmap(pid, at: address, length: length)
    }
  }

  /// Accesses memory.
  ///
  /// - Returns: Whether the process lives; SIGBUS has killed it otherwise.
  /// - Throws: ``DeviceError/Code/failed`` where nothing is mapped.
  public func touch(_ pid: Int, at address: UInt64, length: UInt64) throws(DeviceError) -> Bool {
    try doing("touch 0x\(String(address, radix: 16)) in process \(pid)") {
      try $0.touch(pid, at: address, length: length)
    }
  }

  private func doing<Result>(
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
