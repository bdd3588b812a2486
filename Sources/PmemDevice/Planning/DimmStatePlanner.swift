/// Plans to enable and disable DIMMs, several as one plan, all or nothing.
public struct DimmStatePlanner {
  private let inventory: Inventory
  private let teardownGuard: TeardownGuard

  /// - Parameters:
  ///   - inventory: The machine's devices.
  ///   - inspector: Asked who is in the way.
  ///   - accepted: Harm that a person has named, and wants done.
  public init(_ inventory: Inventory, inspector: any UsageInspector, accepting accepted: AcceptedDangers = [])
  {
    self.inventory = inventory
    teardownGuard = TeardownGuard(inventory, inspector: inspector, contents: nil, accepting: accepted)
  }

  /// Enables DIMMs; those that are enabled already are left out.
  public func enable(_ dimms: [DIMM]) -> Plan {
    Plan(
      title: "enable \(Self.count(dimms))",
      entries: dimms.filter { !$0.isEnabled }.map { dimm in
        Plan.Entry(.enableDimm(dimm.dev), "enable \(dimm.dev)")
      },
      warnings: dimms.filter(\.isEnabled).map { "\($0.dev) is enabled already" })
  }

  /// The regions on them are disabled first; their namespaces must be unused.
  public func disable(_ dimms: [DIMM]) throws(DeviceError) -> Plan {
    let enabled = dimms.filter(\.isEnabled)
    let regions = inventory.regions(on: enabled).filter(\.isEnabled)
    let clearance = try teardownGuard.check(
      regions.flatMap(\.namespaces), verb: "disable", what: Self.count(dimms))
    return Plan(
      title: "disable \(Self.count(dimms))",
      entries: regions.flatMap(RegionStatePlanner.disabling)
        + enabled.map { dimm in
          Plan.Entry(.disableDimm(dimm.dev), "disable \(dimm.dev)")
        },
      warnings: clearance.warnings
        + regions.map { "\($0.dev) is disabled with it, and stays so until it is enabled" }
        + dimms.filter { !$0.isEnabled }.map { "\($0.dev) is disabled already" },
      isDestructive: clearance.harmsUsers, harmsUsers: clearance.harmsUsers)
  }

  /// Its kernel name if it is one, else how many.
  static func count(_ dimms: [DIMM]) -> String {
    dimms.count == 1 ? dimms[0].dev : "\(dimms.count) DIMMs"
  }
}
