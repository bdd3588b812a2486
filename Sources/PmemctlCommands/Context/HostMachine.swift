public import PmemDevice
import PmemInspect
import PmemNdctl

/// This host: its kernel, and who uses its persistent memory.
public final class HostMachine: DeviceBackend, UsageInspector, DaxInspector {
  private let kernel: NdctlBackend
  private let inspector: HostInspector
  private let verbose: ((String) -> Void)?

  /// - Parameter listener: Gets what is reported while the host is asked.
  public init(_ listener: MachineListener = MachineListener()) {
    kernel = NdctlBackend(verbose: listener.verbose)
    inspector = HostInspector(readingPages: listener.readingPages)
    verbose = listener.verbose
  }

  public var kind: String { kernel.kind }
  public var deviceOrder: [String] { kernel.deviceOrder }

  public func inventory(_ depth: InventoryDepth) throws(DeviceError) -> Inventory {
    var inventory = try kernel.inventory(depth)
    inventory.cxl = inspector.cxlTopology()
    return inventory
  }

  public func health(of dimms: [DIMM]) throws(DeviceError) -> [HealthReading] {
    try kernel.health(of: dimms)
  }

  public func security(of dimms: [DIMM]) throws(DeviceError) -> [DimmSecurity] {
    try kernel.security(of: dimms)
  }

  public func scrubs(of buses: [Bus]) throws(DeviceError) -> [BusScrub] { try kernel.scrubs(of: buses) }

  public func firmware(of dimms: [DIMM]) throws(DeviceError) -> [FirmwareReading] {
    try kernel.firmware(of: dimms)
  }

  public func activation(of buses: [Bus]) throws(DeviceError) -> [FirmwareActivation] {
    try kernel.activation(of: buses)
  }

  public func injectedErrors(of namespaces: [Namespace]) throws(DeviceError) -> [[Extent]?] {
    try kernel.injectedErrors(of: namespaces)
  }

  public func injectableHealth(of dimms: [DIMM]) throws(DeviceError) -> [Set<HealthInjection.Kind>] {
    try kernel.injectableHealth(of: dimms)
  }

  public func setCookie(of region: Region) throws(DeviceError) -> UInt64? { try kernel.setCookie(of: region) }

  public func alarms(of dimms: [DIMM]) throws(DeviceError) -> [AlarmSettings] {
    try kernel.alarms(of: dimms)
  }

  public func loadKeys(of dimms: [DIMM], from directory: String?) throws(DeviceError) -> LoadedKeys {
    try kernel.loadKeys(of: dimms, from: directory)
  }

  public func perform(_ step: Step) throws(DeviceError) { try kernel.perform(step) }

  public func withRawMedia<Result>(
    of namespace: String, forWriting: Bool, _ body: (any RawMedia) throws(DeviceError) -> Result
  ) throws(DeviceError) -> Result {
    try kernel.withRawMedia(of: namespace, forWriting: forWriting, body)
  }

  public func withContent<Result>(
    of namespace: Namespace, _ body: (any ByteSource) throws(DeviceError) -> Result
  ) throws(DeviceError) -> Result {
    try kernel.withContent(of: namespace, body)
  }

  public func readLabels(dimm: String) throws(DeviceError) -> [UInt8] { try kernel.readLabels(dimm: dimm) }

  public func mappings(
    in inventory: Inventory, pid: Int?, interface: MappingInterface?
  ) throws(DeviceError) -> MappingReport {
    let report = try inspector.mappings(inventory, pid: pid, interface: interface)
    if let asked = report.asked { verbose?("mappings: asked \(asked)") }
    return report
  }

  public func pins(
    of namespaces: [Namespace], in inventory: Inventory, isAttributed: Bool
  ) throws(DeviceError) -> PinReport {
    inspector.pins(inventory, of: namespaces, isAttributed: isAttributed)
  }

  public func usage(of namespaces: [Namespace], in inventory: Inventory) throws(DeviceError) -> UsageReport {
    var report = inspector.usage(inventory, of: namespaces)
    for namespace in namespaces {
      let own = report.uses.filter { $0.namespace == namespace.dev }
      // An exclusive holder is mostly named already; so are online blocks.
      let isExplained = own.contains { $0.effect == .refused && $0.kind != .open }
      report.uses += try kernel.heldBy(namespace).filter { held in
        held.kind == .held ? !isExplained : !own.contains { $0.kind == held.kind }
      }
    }
    return report
  }

  public func mountPoints(in inventory: Inventory) -> [String: [RawText]] { inspector.mountPoints(inventory) }

  public func damagedFiles(of namespace: Namespace, in inventory: Inventory) -> DamagedFiles {
    inspector.damagedFiles(inventory, of: namespace)
  }

  public func unseen(in inventory: Inventory) -> [Unseen] { inspector.unseen(inventory) }

  // MARK: DAX

  public func daxLayers(_ inventory: Inventory) throws(DeviceError) -> [DaxLayer] {
    inspector.daxLayers(inventory)
  }

  public func probe(
    _ path: String, at offset: UInt64, in inventory: Inventory
  ) throws(DeviceError) -> DaxProbe {
    try inspector.probe(inventory, path, at: offset)
  }

  public func verify(
    _ namespace: Namespace, in inventory: Inventory, longTerm: Bool
  ) throws(DeviceError) -> [DaxProof] {
    inspector.verify(inventory, namespace, longTerm: longTerm)
  }
}
