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
  func scrubs(of buses: [Bus]) throws(DeviceError) -> [BusScrub] {
    let own = try alive.inventory(.listing).buses.map(\.dev)
    var found: [BusScrub] = []
    for bus in buses { found += own.contains(bus.dev) ? try alive.scrubs(of: [bus]) : [.none] }
    return found
  }
  func firmware(of dimms: [DIMM]) throws(DeviceError) -> [FirmwareReading] {
    let own = try alive.inventory(.listing).dimms.map(\.dev)
    var found: [FirmwareReading] = []
    for dimm in dimms { found += own.contains(dimm.dev) ? try alive.firmware(of: [dimm]) : [.notSupported] }
    return found
  }
  func activation(of buses: [Bus]) throws(DeviceError) -> [FirmwareActivation] {
    let own = try alive.inventory(.listing).buses.map(\.dev)
    var found: [FirmwareActivation] = []
    for bus in buses { found += own.contains(bus.dev) ? try alive.activation(of: [bus]) : [.none] }
    return found
  }
  func injectedErrors(of namespaces: [Namespace]) throws(DeviceError) -> [[Extent]?] {
    let own = try alive.inventory(.listing).namespaces.map(\.dev)
    var found: [[Extent]?] = []
    for namespace in namespaces {
      found += own.contains(namespace.dev) ? try alive.injectedErrors(of: [namespace]) : [nil]
    }
    return found
  }
  func injectableHealth(of dimms: [DIMM]) throws(DeviceError) -> [Set<HealthInjection.Kind>] {
    let own = try alive.inventory(.listing).dimms.map(\.dev)
    var found: [Set<HealthInjection.Kind>] = []
    for dimm in dimms { found += own.contains(dimm.dev) ? try alive.injectableHealth(of: [dimm]) : [[]] }
    return found
  }
  func setCookie(of region: Region) throws(DeviceError) -> UInt64? { try alive.setCookie(of: region) }
  func alarms(of dimms: [DIMM]) throws(DeviceError) -> [AlarmSettings] {
    let own = try alive.inventory(.listing).dimms.map(\.dev)
    var found: [AlarmSettings] = []
    for dimm in dimms { found += own.contains(dimm.dev) ? try alive.alarms(of: [dimm]) : [AlarmSettings()] }
    return found
  }
  func loadKeys(of dimms: [DIMM], from directory: String?) throws(DeviceError) -> LoadedKeys {
    try alive.loadKeys(of: dimms, from: directory)
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
