import Glibc
public import PmemDevice

/// A simulated machine as a backend: the same questions and steps as the real kernel's.
public final class SimBackend: DeviceBackend, UsageInspector {
  private let machine: SimMachine

  public init(_ machine: SimMachine) { self.machine = machine }

  public var kind: String { "simulated" }

  public func inventory(_ depth: InventoryDepth) throws(DeviceError) -> Inventory {
    SimInventory(machine.kernel).inventory
  }

  public func perform(_ step: Step) throws(DeviceError) {
    do {
      try machine.change { kernel in try Self.perform(step, on: kernel) }
    } catch let fault as SimFault {
      throw DeviceError(
        DeviceError.Code(errno: fault.errno),
        "cannot \(step.words): \(String(cString: strerror(fault.errno)))",
        details: ["the kernel's reason: \(fault.reason)"], errno: fault.errno)
    } catch let error as DeviceError {
      throw error
    } catch {
      throw DeviceError(.failed, "cannot \(step.words): \(error)")
    }
  }

  private static func perform(_ step: Step, on kernel: SimKernel) throws {
    switch step {
    case .allocate(let allocation):
      let (region, id) = try namespace(allocation.namespace)
      try kernel.allocate(region, id, allocation)
    case .claim(let name, let claim):
      let (region, id) = try namespace(name)
      try kernel.claim(region, id, claim)
    case .release(let name):
      let (region, id) = try namespace(name)
      try kernel.release(region, id)
    case .enable(let name):
      let (region, id) = try namespace(name)
      try kernel.enableNamespace(region, id)
    case .disable(let name):
      let (region, id) = try namespace(name)
      try kernel.disableNamespace(region, id)
    case .zeroInfoBlock(let name):
      let (region, id) = try namespace(name)
      try kernel.zeroInfoBlock(region, id)
    case .free(let name):
      let (region, id) = try namespace(name)
      try kernel.free(region, id)
    case .enableRegion(let name): try kernel.enableRegion(try region(name, kernel))
    case .disableRegion(let name): try kernel.disableRegion(try region(name, kernel))
    case .initializeLabels(let name, let version):
      try kernel.initializeLabels(try dimm(name, kernel), version)
    }
  }

  public func usage(of namespaces: [Namespace]) throws(DeviceError) -> UsageReport {
    SimUsage(machine.kernel).usage(of: namespaces)
  }

  public func mappings(pid: Int?, interface: MappingInterface?) throws(DeviceError) -> MappingReport {
    SimUsage(machine.kernel).mappings(pid: pid)
  }

  public func pins(of namespaces: [Namespace], isAttributed: Bool) throws(DeviceError) -> PinReport {
    PinReport(devices: SimPins(machine.kernel).pins(of: namespaces))
  }

  // MARK: Names

  private static func namespace(_ name: String) throws -> (Int, Int) {
    let numbers = name.dropFirst("namespace".count).split(separator: ".").compactMap { Int($0) }
    guard name.hasPrefix("namespace"), numbers.count == 2 else {
      throw SimFault(ENXIO, "there is no \(name)")
    }
    return (numbers[0], numbers[1])
  }

  private static func region(_ name: String, _ kernel: SimKernel) throws -> Int {
    try number(name, "region", among: kernel.regions.indices)
  }

  private static func dimm(_ name: String, _ kernel: SimKernel) throws -> Int {
    try number(name, "nmem", among: kernel.topology.dimms.indices)
  }

  private static func number(_ name: String, _ prefix: String, among known: Range<Int>) throws -> Int {
    guard name.hasPrefix(prefix), let index = Int(name.dropFirst(prefix.count)), known.contains(index) else {
      throw SimFault(ENXIO, "there is no \(name)")
    }
    return index
  }
}
