import PmemDevice

/// Inventories for planners to plan on.
enum Machines {
  static let base: UInt64 = 0x1_8000_0000

  /// A labelled region with namespaces at these places (offset and length in MiB), and a seed.
  static func region(
    _ id: Int = 0, mebibytes: UInt64 = 2048, taken: [(UInt64, UInt64)] = [], node: Int = 0,
    enabled: Bool = true
  ) -> Region {
    let start = base + UInt64(id) << 36
    var namespaces = taken.enumerated().map { number, place in
      Namespace(
        regionID: id, id: number + 1, size: .mebibytes(place.1), rawSize: .mebibytes(place.1),
        uuid: .random(),
        name: "old\(number)", isEnabled: true, resource: start + place.0 << 20)
    }
    namespaces.append(Namespace(regionID: id, id: 0, size: .zero, rawSize: .zero))
    let used = taken.reduce(0) { $0 + $1.1 }
    return Region(
      id: id, size: .mebibytes(mebibytes), resource: start, align: 16 << 20,
      availableSize: .mebibytes(mebibytes - used), maxAvailableExtent: .mebibytes(mebibytes - used),
      numaNode: node,
      mappings: [RegionMapping(dimm: "nmem\(id)", offset: 0, length: mebibytes << 20, position: 0)],
      isEnabled: enabled, namespaceSeed: "namespace\(id).0", namespaces: namespaces)
  }

  static func inventory(_ regions: Region..., slots: Int = 100) -> Inventory {
    let dimms = regions.map { region in
      DIMM(dev: "nmem\(region.id)", labels: LabelArea(availableSlots: slots, version: .v12))
    }
    return Inventory(
      host: HostFacts(kernelRelease: "6.12"),
      buses: [Bus(dev: "ndbus0", provider: "ACPI.NFIT", dimms: dimms, regions: regions)])
  }
}

/// A backend that remembers what it was told, and fails where it is told to.
final class ScriptedBackend: DeviceBackend, UsageInspector {
  private(set) var performed: [Step] = []
  var failsAt: Step?
  var users: [String: [Usage]] = [:]
  var missing: [Unseen] = []

  var kind: String { "scripted" }

  func inventory(_ depth: InventoryDepth) throws(DeviceError) -> Inventory { Machines.inventory() }

  func health(of dimms: [DIMM]) throws(DeviceError) -> [HealthReading] { dimms.map { _ in .notSupported } }

  func security(of dimms: [DIMM]) throws(DeviceError) -> [DimmSecurity] {
    dimms.map { _ in DimmSecurity(state: nil) }
  }

  func scrubs(of buses: [Bus]) throws(DeviceError) -> [BusScrub] { buses.map { _ in .none } }

  func firmware(of dimms: [DIMM]) throws(DeviceError) -> [FirmwareReading] {
    dimms.map { _ in .notSupported }
  }

  func activation(of buses: [Bus]) throws(DeviceError) -> [FirmwareActivation] { buses.map { _ in .none } }

  func injectedErrors(of namespaces: [Namespace]) throws(DeviceError) -> [[Extent]?] {
    namespaces.map { _ in nil }
  }

  func injectableHealth(of dimms: [DIMM]) throws(DeviceError) -> [Set<HealthInjection.Kind>] {
    dimms.map { _ in [] }
  }

  func setCookie(of region: Region) throws(DeviceError) -> UInt64? { nil }

  func alarms(of dimms: [DIMM]) throws(DeviceError) -> [AlarmSettings] { dimms.map { _ in AlarmSettings() } }

  func loadKeys(of dimms: [DIMM], from directory: String?) throws(DeviceError) -> LoadedKeys {
    LoadedKeys(directory: "none", master: nil, keys: [])
  }

  func perform(_ step: Step) throws(DeviceError) {
    if step == failsAt { throw DeviceError(.failed, "cannot \(step.words)", errno: 5) }
    performed.append(step)
  }

  /// It has no media.
  private var nothing: DeviceError { DeviceError(.unsupported, "nothing is there", errno: 95) }

  func withRawMedia<Result>(
    of namespace: String, forWriting: Bool, _ body: (any RawMedia) throws(DeviceError) -> Result
  ) throws(DeviceError) -> Result { throw nothing }

  func withContent<Result>(
    of namespace: Namespace, _ body: (any ByteSource) throws(DeviceError) -> Result
  ) throws(DeviceError) -> Result { throw nothing }

  func readLabels(dimm: String) throws(DeviceError) -> [UInt8] { throw nothing }

  func usage(of namespaces: [Namespace], in inventory: Inventory) throws(DeviceError) -> UsageReport {
    UsageReport(uses: namespaces.flatMap { users[$0.dev] ?? [] }, missing: missing)
  }

  func mappings(
    in inventory: Inventory, pid: Int?, interface: MappingInterface?
  ) throws(DeviceError) -> MappingReport {
    MappingReport()
  }

  func pins(
    of namespaces: [Namespace], in inventory: Inventory, isAttributed: Bool
  ) throws(DeviceError) -> PinReport { PinReport() }
}
