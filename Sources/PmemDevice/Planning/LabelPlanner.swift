/// Plans what happens to the label areas of DIMMs. Several at once are one plan: all are checked before the
/// first is touched.
public struct LabelPlanner {
  private let inventory: Inventory
  private let teardownGuard: TeardownGuard

  /// - Parameters:
  ///   - inventory: The machine's devices, read for planning: labels must be known.
  ///   - inspector: Asked who uses the namespaces that would go.
  ///   - contents: Asked what is on them.
  ///   - accepted: Harm that a person has named, and wants done; nil if the verb has no flags for that.
  public init(
    _ inventory: Inventory, inspector: any UsageInspector, contents: (any ContentInspector)?,
    accepting accepted: AcceptedDangers? = nil
  ) {
    self.inventory = inventory
    teardownGuard = TeardownGuard(inventory, inspector: inspector, contents: contents, accepting: accepted)
  }

  /// Plans fresh labels, every slot free: the regions on the DIMMs are disabled for it and enabled again.
  ///
  /// - Parameters:
  ///   - dimms: Whose labels.
  ///   - version: The format to write.
  ///   - force: Also if there are labels, or unused namespaces that would disappear.
  /// - Returns: The plan.
  /// - Throws: ``DeviceError/Code/unsupported`` for a DIMM without a label area, ``DeviceError/Code/refused`` if a
  ///   namespace is in use or force is needed.
  public func initialize(
    _ dimms: [DIMM], version: LabelVersion, force: Bool
  ) throws(DeviceError) -> Plan {
    for dimm in dimms where dimm.labels == nil { throw Self.noLabels(dimm, verb: "initialize") }
    let regions = inventory.regions(on: dimms)
    let what = Self.what(dimms)
    let clearance = try teardownGuard.checkLoss(
      regions.flatMap(\.configuredNamespaces), verb: "initialize", what: what)
    if !force { try refuseLoss(dimms, regions, what: what) }
    return Plan(
      title: "initialize \(what)",
      entries: Self.around(
        regions,
        dimms.map { dimm in
          Plan.Entry(
            .initializeLabels(dimm: dimm.dev, version),
            "write fresh labels to \(dimm.dev), version \(version.rawValue)",
            loses: dimm.labels?.isBlank == true ? nil : "the labels of \(dimm.dev)")
        }),
      warnings: clearance.warnings + regions.flatMap { incomplete($0, dimms) },
      isDestructive: true, harmsUsers: clearance.harmsUsers)
  }

  /// Plans other bytes for whole label areas: the regions on the DIMMs are disabled for it and enabled again.
  ///
  /// - Parameters:
  ///   - areas: For each DIMM what to write, of the size of its label area.
  ///   - verb: `write`, `zero`, `restore`.
  ///   - keeps: Namespaces whose labels are the same before and after.
  ///   - force: Also if unused namespaces would be lost.
  /// - Returns: The plan.
  /// - Throws: ``DeviceError/Code/unsupported`` for a DIMM without a label area, ``DeviceError/Code/refused`` if a
  ///   namespace is in use or force is needed.
  public func write(
    _ areas: [(dimm: DIMM, bytes: [UInt8])], verb: String, keeps: [Namespace], force: Bool
  ) throws(DeviceError) -> Plan {
    let dimms = areas.map(\.dimm)
    for dimm in dimms where dimm.labels == nil { throw Self.noLabels(dimm, verb: verb) }
    let regions = inventory.regions(on: dimms)
    let what = Self.what(dimms)
    let kept = regions.flatMap(\.configuredNamespaces).filter(keeps.contains)
    let gone = regions.flatMap(\.configuredNamespaces).filter { !keeps.contains($0) }
    let clearance = try teardownGuard.checkLoss(gone, verb: verb, what: what)
    let others = try teardownGuard.check(kept, verb: verb, what: what)
    if !force { try refuseLoss(of: gone, what: what, verb: verb) }
    return Plan(
      title: "\(verb) \(what)",
      entries: Self.around(
        regions, keeping: kept,
        areas.map { dimm, bytes in
          Plan.Entry(
            .writeLabels(dimm: dimm.dev, bytes: bytes),
            bytes.allSatisfy { $0 == 0 }
              ? "overwrite the label area of \(dimm.dev) with zeros, \(ByteCount(UInt64(bytes.count)))"
              : "write \(ByteCount(UInt64(bytes.count))) to the label area of \(dimm.dev)",
            loses: "the labels of \(dimm.dev)")
        }),
      warnings: clearance.warnings + others.warnings,
      isDestructive: true, harmsUsers: clearance.harmsUsers || others.harmsUsers)
  }

  /// Plans repaired label areas: nothing that can be seen now goes. DIMMs whose driver does not bind, and regions that the
  /// kernel does not enable, are enabled behind it.
  ///
  /// - Parameters:
  ///   - areas: For each DIMM what to write.
  ///   - fixes: The repairs, as facts for the plan.
  ///   - verb: `repair`, `recover`: of a refusal.
  /// - Returns: The plan.
  /// - Throws: ``DeviceError/Code/refused`` if a namespace is in use.
  public func repair(
    _ areas: [(dimm: DIMM, bytes: [UInt8])], fixes: [Plan.Fact], verb: String = "repair"
  ) throws(DeviceError) -> Plan {
    let dimms = areas.map(\.dimm)
    let regions = inventory.regions(on: dimms)
    let what = Self.what(dimms)
    let clearance = try teardownGuard.check(
      regions.flatMap(\.configuredNamespaces), verb: verb, what: what)
    let writes = areas.map { dimm, bytes in
      Plan.Entry(
        .writeLabels(dimm: dimm.dev, bytes: bytes),
        "write \(ByteCount(UInt64(bytes.count))) to the label area of \(dimm.dev)")
    }
    let binds = dimms.filter { !$0.isEnabled }.map { dimm in
      Plan.Entry(.enableDimm(dimm.dev), "enable \(dimm.dev)")
    }
    let enables = regions.map { Plan.Entry(.enableRegion($0.dev), "enable \($0.dev)") }
    return Plan(
      title: "repair \(what)", facts: fixes,
      entries: regions.filter(\.isEnabled).flatMap(RegionStatePlanner.disabling) + writes + binds + enables,
      warnings: clearance.warnings
        + dimms.filter { !$0.isEnabled }.map {
          "the label area of \($0.dev) is not saved for undo, because its driver is not bound: "
            + "\"pmemctl label backup\" keeps it"
        }, isDestructive: true, harmsUsers: clearance.harmsUsers)
  }

  private static func noLabels(_ dimm: DIMM, verb: String) -> DeviceError {
    guard dimm.isEnabled else {
      return DeviceError(
        .failed, "cannot \(verb) the labels of \(dimm.dev): it is disabled",
        try: ["pmemctl dimm enable \(dimm.dev)"])
    }
    return DeviceError(
      .unsupported, "cannot \(verb) the labels of \(dimm.dev): it has no label area",
      details: ["its region is one namespace that cannot be divided"])
  }

  private static func what(_ dimms: [DIMM]) -> String {
    "the labels of \(dimms.count == 1 ? dimms[0].dev : "\(dimms.count) DIMMs")"
  }

  /// Steps between disabling regions and enabling them again, with the namespaces on them that still exist then.
  static func around(
    _ regions: [Region], keeping kept: [Namespace] = [], _ steps: [Plan.Entry]
  ) -> [Plan.Entry] {
    let enabled = regions.filter(\.isEnabled)
    let on = enabled.map { region in
      Plan.Entry(.enableRegion(region.dev), "enable \(region.dev)")
    }
    // The region enables them, or tries to without a word; kernel names may be others then.
    let again = kept.filter(\.isEnabled).map { namespace in
      Plan.Entry(
        .enable(namespace: namespace.labelUUID?.description ?? namespace.dev),
        "enable \(namespace.title)")
    }
    return enabled.flatMap(RegionStatePlanner.disabling) + steps + on + again
  }

  private func refuseLoss(of gone: [Namespace], what: String, verb: String) throws(DeviceError) {
    guard !gone.isEmpty else { return }
    throw DeviceError(
      .refused, "refused to \(verb) \(what): namespaces would be lost",
      details: gone.map { "\($0.title), \($0.mode), \($0.rawSize), would be lost" }
        + ["--force does it all the same; nothing was changed"], errno: 16)
  }

  /// Without force only a blank area is written to, and only if no namespace disappears.
  private func refuseLoss(_ dimms: [DIMM], _ regions: [Region], what: String) throws(DeviceError) {
    let written = dimms.filter { $0.labels?.isBlank != true }
    let namespaces = regions.flatMap(\.configuredNamespaces)
    guard !written.isEmpty || !namespaces.isEmpty else { return }
    let losses = namespaces.map { namespace in
      let isLabeled = inventory.region(of: namespace)?.isLabeled ?? true
      return "\(namespace.title), \(namespace.mode), \(namespace.rawSize), "
        + (isLabeled ? "would be lost" : "would not be visible: its region has no labels yet")
    }
    let kept = written.map { "\($0.dev) has labels already" }
    throw DeviceError(
      .refused,
      "refused to initialize \(what): \(losses.isEmpty ? "there are some" : "namespaces would be lost")",
      details: kept + losses + ["--force initializes it all the same; nothing was changed"], errno: 16)
  }

  private func incomplete(_ region: Region, _ dimms: [DIMM]) -> [String] {
    let others = region.mappings.map(\.dimm).filter { member in !dimms.contains { $0.dev == member } }
    guard !others.isEmpty else { return [] }
    return [
      "\(region.dev) is interleaved with \(others.joined(separator: ", ")): without fresh labels there too, "
        + "the remains of its namespaces there still take space"
    ]
  }
}
