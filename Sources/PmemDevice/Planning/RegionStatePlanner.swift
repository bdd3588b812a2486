/// Plans to enable and disable regions, several as one plan, all or nothing.
public struct RegionStatePlanner {
  private let inTheWay: InTheWay

  /// - Parameters:
  ///   - inventory: What there is.
  ///   - inspector: Asked who is in the way.
  ///   - accepted: Harm that a person has named, and wants done.
  public init(_ inventory: Inventory, inspector: any UsageInspector, accepting accepted: AcceptedDangers = [])
  {
    inTheWay = InTheWay(inventory, inspector: inspector, contents: nil, accepting: accepted)
  }

  /// Enables regions; those that are enabled already are left out.
  public func enable(_ regions: [Region]) -> Plan {
    Plan(
      title: "enable \(Self.count(regions))",
      entries: regions.filter { !$0.isEnabled }.map { region in
        Plan.Entry(
          .enableRegion(region.dev), "enable \(region.dev) and the namespaces on it")
      },
      warnings: regions.filter(\.isEnabled).map { "\($0.dev) is enabled already" })
  }

  /// Every namespace is disabled first, so that an undo can enable just those again.
  public func disable(_ regions: [Region]) throws(DeviceError) -> Plan {
    let enabled = regions.filter(\.isEnabled)
    let namespaces = enabled.flatMap(\.namespaces).filter(\.isEnabled)
    let clearance = try inTheWay.check(namespaces, verb: "disable", what: Self.count(regions))
    return Plan(
      title: "disable \(Self.count(regions))", entries: enabled.flatMap(Self.disabling),
      warnings: clearance.warnings
        + regions.filter { !$0.isEnabled }.map { "\($0.dev) is disabled already" },
      isDestructive: clearance.hurts, hurts: clearance.hurts)
  }

  /// Every namespace on it first.
  public static func disabling(_ region: Region) -> [Plan.Entry] {
    region.namespaces.filter(\.isEnabled).map(NamespaceStatePlanner.disabling) + [
      Plan.Entry(.disableRegion(region.dev), "disable \(region.dev)")
    ]
  }

  private static func count(_ regions: [Region]) -> String {
    regions.count == 1 ? regions[0].dev : "\(regions.count) regions"
  }
}
