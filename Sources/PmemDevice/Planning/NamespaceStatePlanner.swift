/// Plans what happens to namespaces that exist: enable, disable, destroy. Several at once are one plan:
/// all of them are checked before the first is touched.
public struct NamespaceStatePlanner {
  private let inventory: Inventory
  private let inTheWay: InTheWay

  /// - Parameters:
  ///   - inventory: What there is.
  ///   - inspector: Asked who is in the way; only ever asked, never told to do anything.
  ///   - accepted: Harm that a person has named, and wants done.
  public init(_ inventory: Inventory, inspector: any UsageInspector, accepting accepted: AcceptedDangers = [])
  {
    self.inventory = inventory
    inTheWay = InTheWay(inspector, accepting: accepted)
  }

  public func enable(_ namespaces: [Namespace]) throws(DeviceError) -> Plan {
    for namespace in namespaces where namespace.isIdle {
      throw DeviceError(
        .failed, "cannot enable \(namespace.dev): it has no size, it is only a place for a new namespace",
        try: ["pmemctl namespace create --region region\(namespace.regionID)"], errno: 6)
    }
    let disabled = namespaces.filter { !$0.isEnabled }
    return Plan(
      title: "enable \(Self.count(namespaces))",
      entries: disabled.map { namespace in
        Plan.Entry(
          .enable(namespace: namespace.dev), "enable \(namespace.title)",
          undo: [.disable(namespace: namespace.dev)])
      },
      warnings: notes(namespaces.filter(\.isEnabled), "is enabled already"))
  }

  public func disable(_ namespaces: [Namespace]) throws(DeviceError) -> Plan {
    let enabled = namespaces.filter(\.isEnabled)
    let clearance = try inTheWay.check(enabled, verb: "disable", what: nil)
    return Plan(
      title: "disable \(Self.count(namespaces))", entries: enabled.map(Self.disabling),
      warnings: clearance.warnings + notes(namespaces.filter { !$0.isEnabled }, "is disabled already"),
      isDestructive: clearance.hurts, hurts: clearance.hurts)
  }

  /// - Parameters:
  ///   - namespaces: What to destroy.
  ///   - force: Also those that are enabled, as long as nobody uses them.
  /// - Returns: The plan.
  /// - Throws: ``DeviceError/Code/refused`` where someone is in the way, or force is needed.
  public func destroy(_ namespaces: [Namespace], force: Bool) throws(DeviceError) -> Plan {
    for namespace in namespaces where namespace.isIdle {
      throw DeviceError(
        .notFound, "cannot destroy \(namespace.dev): it has no size, there is nothing to destroy")
    }
    let enabled = namespaces.filter(\.isEnabled)
    let clearance = try inTheWay.check(enabled, verb: "destroy", what: nil)
    if !force, let first = enabled.first {
      throw DeviceError(
        .refused, "refused: \(first.title) is enabled\(first.node.map { " (/dev/\($0))" } ?? "")",
        details: enabled.dropFirst().map { "\($0.title) is enabled too" }
          + ["nobody seems to use it, but it may hold data; --force destroys it, nothing was changed"],
        errno: 16)
    }
    return Plan(
      title: "destroy \(Self.count(namespaces))", entries: namespaces.flatMap(destroying),
      warnings: clearance.warnings
        + namespaces.filter { !isLabeled($0) }.map {
          "\($0.dev) is all of a region without labels: it will stay, empty and disabled"
        },
      isDestructive: !namespaces.isEmpty, hurts: clearance.hurts)
  }

  // MARK: Steps

  static func disabling(_ namespace: Namespace) -> Plan.Entry {
    Plan.Entry(
      .disable(namespace: namespace.dev),
      "disable \(namespace.title)\(namespace.node.map { ": /dev/\($0) goes away" } ?? "")",
      undo: [.enable(namespace: namespace.dev)])
  }

  private func destroying(_ namespace: Namespace) -> [Plan.Entry] {
    var entries = namespace.isEnabled ? [Self.disabling(namespace)] : []
    entries.append(
      Plan.Entry(
        .zeroInfoBlock(namespace: namespace.dev),
        "overwrite the first 8 KiB of \(namespace.title) with zeros",
        loses: "the first 8 KiB of \(namespace.dev)"))
    if isLabeled(namespace) {
      entries.append(
        Plan.Entry(
          .free(namespace: namespace.dev),
          "give its \(namespace.rawSize) back to region\(namespace.regionID), and its labels",
          loses: "the labels of \(namespace.dev)"))
    }
    return entries
  }

  private func isLabeled(_ namespace: Namespace) -> Bool {
    inventory.region(of: namespace)?.isLabeled ?? true
  }

  // MARK: Who is in the way

  /// Refuses, naming everyone who is in the way of taking these away.
  ///
  /// - Parameters:
  ///   - namespaces: What would be taken away.
  ///   - verb: `disable`, `destroy`.
  /// - Returns: What could not be found out, as warnings for the plan.
  /// - Throws: ``DeviceError/Code/refused``.
  @discardableResult
  public func refuseUsed(_ namespaces: [Namespace], verb: String) throws(DeviceError) -> [String] {
    try inTheWay.check(namespaces, verb: verb, what: nil).warnings
  }

  // MARK: Words

  private func notes(_ namespaces: [Namespace], _ state: String) -> [String] {
    namespaces.map { "\($0.title) \(state)" }
  }

  static func count(_ namespaces: [Namespace]) -> String {
    namespaces.count == 1 ? namespaces[0].title : "\(namespaces.count) namespaces"
  }
}
