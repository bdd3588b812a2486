/// Plans what happens to the label areas of DIMMs. Several at once are one plan: all are checked before the
/// first is touched.
public struct LabelPlanner {
  private let inventory: Inventory
  private let inTheWay: InTheWay

  /// - Parameters:
  ///   - inventory: What there is, read for planning: labels must be known.
  ///   - inspector: Asked who uses the namespaces that would go.
  ///   - accepted: Harm that a person has named, and wants done.
  public init(_ inventory: Inventory, inspector: any UsageInspector, accepting accepted: AcceptedDangers = [])
  {
    self.inventory = inventory
    inTheWay = InTheWay(inspector, accepting: accepted)
  }

  /// Plans fresh labels, every slot free: the regions on the DIMMs are disabled for it and enabled again.
  ///
  /// - Parameters:
  ///   - dimms: Whose labels.
  ///   - version: The format to write.
  ///   - force: Also where there are labels, or namespaces that would be out of sight, nobody using them.
  /// - Returns: The plan.
  /// - Throws: ``DeviceError/Code/unsupported`` for a DIMM without a label area,
  ///   ``DeviceError/Code/refused`` where someone is in the way or force is needed.
  public func initialize(
    _ dimms: [DIMM], version: LabelVersion, force: Bool
  ) throws(DeviceError) -> Plan {
    for dimm in dimms where dimm.labels == nil {
      throw DeviceError(
        .unsupported, "cannot initialize the labels of \(dimm.dev): it has no label area",
        details: ["its region is one namespace that cannot be divided"])
    }
    let regions = inventory.regions.filter { region in
      region.mappings.contains { mapping in dimms.contains { $0.dev == mapping.dimm } }
    }
    let what = "the labels of \(dimms.count == 1 ? dimms[0].dev : "\(dimms.count) DIMMs")"
    let namespaces = regions.flatMap(\.configuredNamespaces)
    let clearance = try inTheWay.check(
      namespaces.filter(\.isEnabled), verb: "initialize", what: what)
    if !force { try refuseLoss(dimms, regions, what: what) }
    return Plan(
      title: "initialize \(what)", entries: entries(dimms, regions, version),
      warnings: clearance.warnings + regions.flatMap { incomplete($0, dimms) }, isDestructive: true,
      hurts: clearance.hurts)
  }

  private func entries(_ dimms: [DIMM], _ regions: [Region], _ version: LabelVersion) -> [Plan.Entry] {
    let enabled = regions.filter(\.isEnabled)
    let off = enabled.flatMap { region in
      region.namespaces.filter(\.isEnabled).map(NamespaceStatePlanner.disabling) + [
        Plan.Entry(.disableRegion(region.dev), "disable \(region.dev)", undo: [.enableRegion(region.dev)])
      ]
    }
    let labels = dimms.map { dimm in
      Plan.Entry(
        .initializeLabels(dimm: dimm.dev, version),
        "write fresh labels to \(dimm.dev), version \(version.rawValue)",
        loses: dimm.labels?.isBlank == true ? nil : "the labels of \(dimm.dev)")
    }
    let on = enabled.map { region in
      Plan.Entry(.enableRegion(region.dev), "enable \(region.dev)", undo: [.disableRegion(region.dev)])
    }
    return off + labels + on
  }

  /// Without force only a blank area is written to, and only where no namespace goes out of sight.
  private func refuseLoss(_ dimms: [DIMM], _ regions: [Region], what: String) throws(DeviceError) {
    let written = dimms.filter { $0.labels?.isBlank != true }
    let namespaces = regions.flatMap(\.configuredNamespaces)
    guard !written.isEmpty || !namespaces.isEmpty else { return }
    let losses = namespaces.map { namespace in
      let isLabeled = inventory.region(of: namespace)?.isLabeled ?? true
      return "\(namespace.title), \(namespace.mode), \(namespace.rawSize), "
        + (isLabeled ? "would be gone" : "would be out of sight: its region has no labels yet")
    }
    let kept = written.map { "\($0.dev) has labels already" }
    throw DeviceError(
      .refused,
      "refused to initialize \(what): \(losses.isEmpty ? "there are some" : "namespaces would be lost")",
      details: kept + losses + ["--force initializes all the same, nothing was changed"], errno: 16)
  }

  private func incomplete(_ region: Region, _ dimms: [DIMM]) -> [String] {
    let others = region.mappings.map(\.dimm).filter { member in !dimms.contains { $0.dev == member } }
    guard !others.isEmpty else { return [] }
    return [
      "\(region.dev) is interleaved with \(others.joined(separator: ", ")): without fresh labels there too, "
        + "what remains of its namespaces there still takes space"
    ]
  }
}
