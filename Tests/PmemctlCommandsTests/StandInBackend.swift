import PmemDevice
import PmemSim

/// A simulated machine that is taken for the real kernel, and that a test can have fail at a step.
final class StandInBackend: DeviceBackend, UsageInspector, DaxInspector {
  private let alive: SimBackend
  private let willPerform: (Step) throws(DeviceError) -> Void

  /// - Parameters:
  ///   - alive: Does what is asked.
  ///   - willPerform: Asked before each step; what it throws is what the step throws.
  init(_ alive: SimBackend, willPerform: @escaping (Step) throws(DeviceError) -> Void) {
    self.alive = alive
    self.willPerform = willPerform
  }

  /// Changes each inventory: what only a real kernel has is added here.
  var completing: (inout Inventory) -> Void = { _ in }
  /// Users of what is added.
  var otherUses: [Usage] = []

  var kind: String { "kernel" }

  func perform(_ step: Step) throws(DeviceError) {
    try willPerform(step)
    try alive.perform(step)
  }

  func inventory(_ depth: InventoryDepth) throws(DeviceError) -> Inventory {
    var inventory = try alive.inventory(depth)
    completing(&inventory)
    return inventory
  }
  func health(of dimms: [DIMM]) throws(DeviceError) -> [HealthReading] {
    let own = try alive.inventory(.listing).dimms.map(\.dev)
    var readings: [HealthReading] = []
    for dimm in dimms {
      readings += own.contains(dimm.dev) ? try alive.health(of: [dimm]) : [.notSupported]
    }
    return readings
  }
  func security(of dimms: [DIMM]) throws(DeviceError) -> [DimmSecurity] {
    let own = try alive.inventory(.listing).dimms.map(\.dev)
    var found: [DimmSecurity] = []
    for dimm in dimms {
      found += try alive.security(of: own.contains(dimm.dev) ? [dimm] : [])
      if !own.contains(dimm.dev) { found.append(DimmSecurity(state: nil)) }
    }
    return found
  }
  func usage(of namespaces: [Namespace], in inventory: Inventory) throws(DeviceError) -> UsageReport {
    var report = try alive.usage(of: namespaces, in: inventory)
    report.uses += otherUses.filter { use in namespaces.contains { $0.dev == use.namespace } }
    return report
  }
  func mappings(
    in inventory: Inventory, pid: Int?, interface: MappingInterface?
  ) throws(DeviceError) -> MappingReport {
    try alive.mappings(in: inventory, pid: pid, interface: interface)
  }
  func pins(
    of namespaces: [Namespace], in inventory: Inventory, isAttributed: Bool
  ) throws(DeviceError) -> PinReport {
    try alive.pins(of: namespaces, in: inventory, isAttributed: isAttributed)
  }
  func daxLayers(_ inventory: Inventory) throws(DeviceError) -> [DaxLayer] {
    try alive.daxLayers(inventory)
  }
  func probe(
    _ path: String, at offset: UInt64, in inventory: Inventory
  ) throws(DeviceError) -> DaxProbe {
    try alive.probe(path, at: offset, in: inventory)
  }
  func verify(
    _ namespace: Namespace, in inventory: Inventory, longTerm: Bool
  ) throws(DeviceError) -> [DaxProof] {
    try alive.verify(namespace, in: inventory, longTerm: longTerm)
  }
  func readLabels(dimm: String) throws(DeviceError) -> [UInt8] { try alive.readLabels(dimm: dimm) }
  func withRawMedia<Result>(
    of namespace: String, forWriting: Bool, _ body: (any RawMedia) throws(DeviceError) -> Result
  ) throws(DeviceError) -> Result {
    try alive.withRawMedia(of: namespace, forWriting: forWriting, body)
  }
  func withContent<Result>(
    of namespace: Namespace, _ body: (any ByteSource) throws(DeviceError) -> Result
  ) throws(DeviceError) -> Result { try alive.withContent(of: namespace, body) }
}
