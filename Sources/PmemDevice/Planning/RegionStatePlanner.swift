/// Plans to enable and disable regions, several as one plan, all or nothing.
public struct RegionStatePlanner {
  private let inventory: Inventory
  private let inspector: any UsageInspector
  private let teardownGuard: TeardownGuard

  /// - Parameters:
  ///   - inventory: The machine's devices.
  ///   - inspector: Asked who is in the way.
  ///   - accepted: Harm that a person has named, and wants done.
  public init(_ inventory: Inventory, inspector: any UsageInspector, accepting accepted: AcceptedDangers = [])
  {
    self.inventory = inventory
    self.inspector = inspector
    teardownGuard = TeardownGuard(inventory, inspector: inspector, contents: nil, accepting: accepted)
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

  /// The step that enables a CXL region which a tool has disabled; nil if it is not disabled, or was never completed.
  public static func enabling(_ region: CxlRegion) -> Plan.Entry? {
    guard region.isDisabled else { return nil }
    return Plan.Entry(
      .enableCxlRegion(region.dev), "enable the CXL region \(region.dev), and what is on it")
  }

  /// Every namespace is disabled first, so that an undo can enable just those again.
  public func disable(_ regions: [Region]) throws(DeviceError) -> Plan {
    let enabled = regions.filter(\.isEnabled)
    let namespaces = enabled.flatMap(\.namespaces).filter(\.isEnabled)
    let clearance: TeardownGuard.Clearance
    do throws(DeviceError) {
      clearance = try teardownGuard.check(namespaces, verb: "disable", what: Self.count(regions))
    } catch {
      throw addingCxl(to: error, enabled)
    }
    return Plan(
      title: "disable \(Self.count(regions))", facts: enabled.flatMap(facts),
      entries: enabled.flatMap(Self.disabling),
      warnings: clearance.warnings
        + regions.filter { !$0.isEnabled }.map { "\($0.dev) is disabled already" },
      isDestructive: clearance.harmsUsers, harmsUsers: clearance.harmsUsers)
  }

  /// Every namespace on it first.
  public static func disabling(_ region: Region) -> [Plan.Entry] {
    region.namespaces.filter(\.isEnabled).map(NamespaceStatePlanner.disabling) + [
      Plan.Entry(.disableRegion(region.dev), "disable \(region.dev)")
    ]
  }

  // MARK: CXL

  /// A refusal with the effect of cxl-cli, and the command that recreates CXL regions; its last line stays the last.
  private func addingCxl(to error: DeviceError, _ regions: [Region]) -> DeviceError {
    let details = regions.flatMap(unguarded) + regions.compactMap(returning)
    guard let last = error.details.last, !details.isEmpty else { return error.adding(details: details) }
    var error = error
    error.details = error.details.dropLast() + details + [last]
    return error
  }

  /// The parameters of the CXL region under a region, and the command that creates it again.
  private func facts(_ region: Region) -> [Plan.Fact] {
    guard let recipe = recipe(region) else { return [] }
    return [
      Plan.Fact(
        "CXL", "\(recipe.members.count) x \(ByteCount(recipe.granularity))", "by position: \(recipe.devices)"),
      Plan.Fact(
        "kept", "the CXL region",
        "if it is destroyed too, this brings it back, with its data: "
          + recipe.command.joined(separator: " ")),
    ]
  }

  private func recipe(_ region: Region) -> CxlRecipe? {
    inventory.cxlRegion(of: region).flatMap { CxlRecipe($0, in: inventory.cxl) }
  }

  private func returning(_ region: Region) -> String? {
    recipe(region).map { recipe in
      "a CXL region of \(recipe.devices) in this order comes back, with its data, by: "
        + recipe.command.joined(separator: " ")
    }
  }

  /// The effect of cxl-cli on the users that block the teardown.
  private func unguarded(_ region: Region) -> [String] {
    guard let cxl = inventory.cxlRegion(of: region) else { return [] }
    let teardown = CxlTeardown(cxl, in: inventory)
    return teardown.lines((try? inspector.usage(of: teardown.namespaces, in: inventory))?.uses ?? [])
  }

  /// Refuses a CXL region that libnvdimm has not, with what disabling it would take from its users.
  ///
  /// - Parameters:
  ///   - region: Any.
  ///   - verb: `disable`, `enable`.
  /// - Returns: ``DeviceError/Code/unsupported``.
  public func unsupported(_ region: CxlRegion, verb: String) -> DeviceError {
    let teardown = CxlTeardown(region, in: inventory)
    let report = verb == "disable" ? try? inspector.usage(of: teardown.namespaces, in: inventory) : nil
    let what =
      region.kind == .ram
      ? "a CXL region of volatile memory, which libnvdimm has no region of"
      : "a CXL region that libnvdimm does not have"
    let back =
      teardown.recipe.map { ["it consists of \($0.devices): " + $0.command.joined(separator: " ")] } ?? []
    return DeviceError(
      .unsupported, "cannot \(verb) \(region.dev): it is \(what)",
      details: teardown.lines(report?.uses ?? []) + (report?.missing.map(\.text) ?? []) + back
        + ["nothing was changed"],
      try: verb == "disable" ? ["pmemctl region destroy \(region.dev)"] : [])
  }

  private static func count(_ regions: [Region]) -> String {
    regions.count == 1 ? regions[0].dev : "\(regions.count) regions"
  }
}
