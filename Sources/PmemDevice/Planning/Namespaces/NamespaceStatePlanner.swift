/// Plans what happens to namespaces that exist: enable, disable, destroy. Several at once are one plan:
/// all of them are checked before the first is touched.
public struct NamespaceStatePlanner {
  let inventory: Inventory
  let inTheWay: TeardownGuard

  /// - Parameters:
  ///   - inventory: What there is.
  ///   - inspector: Asked who is in the way; only ever asked, never told to do anything.
  ///   - contents: Asked what would be lost; nil where nobody would miss it.
  ///   - accepted: Harm that a person has named, and wants done.
  public init(
    _ inventory: Inventory, inspector: any UsageInspector, contents: (any ContentInspector)?,
    accepting accepted: AcceptedDangers = []
  ) {
    self.inventory = inventory
    inTheWay = TeardownGuard(inventory, inspector: inspector, contents: contents, accepting: accepted)
  }

  /// Enables namespaces; those that are enabled already are left out. Throws where one has no size.
  public func enable(_ namespaces: [Namespace]) throws(DeviceError) -> Plan {
    for namespace in namespaces where namespace.isSeed {
      throw DeviceError(
        .failed, "cannot enable \(namespace.dev): it has no size, it is only a place for a new namespace",
        try: ["pmemctl namespace create --region region\(namespace.regionID)"], errno: 6)
    }
    let disabled = namespaces.filter { !$0.isEnabled }
    return Plan(
      title: "enable \(Self.count(namespaces))",
      entries: disabled.map(Self.enabling),
      warnings: notes(namespaces.filter(\.isEnabled), "is enabled already"))
  }

  /// Disables namespaces. Throws ``DeviceError/Code/refused`` where one is in use.
  public func disable(_ namespaces: [Namespace]) throws(DeviceError) -> Plan {
    let enabled = namespaces.filter(\.isEnabled)
    let clearance = try inTheWay.check(enabled, verb: "disable", what: nil)
    return Plan(
      title: "disable \(Self.count(namespaces))", entries: enabled.map(Self.disabling),
      warnings: clearance.warnings + notes(namespaces.filter { !$0.isEnabled }, "is disabled already"),
      isDestructive: clearance.harmsUsers, harmsUsers: clearance.harmsUsers)
  }

  /// - Parameters:
  ///   - namespaces: What to destroy.
  ///   - force: Also those that are enabled, as long as nobody uses them.
  /// - Returns: The plan.
  /// - Throws: ``DeviceError/Code/refused`` where someone is in the way, or force is needed.
  public func destroy(_ namespaces: [Namespace], force: Bool) throws(DeviceError) -> Plan {
    for namespace in namespaces where namespace.isSeed {
      throw DeviceError(
        .notFound, "cannot destroy \(namespace.dev): it has no size, there is nothing to destroy")
    }
    let enabled = namespaces.filter(\.isEnabled)
    let clearance = try inTheWay.checkLoss(namespaces, verb: "destroy", what: nil)
    if !force, let first = enabled.first {
      throw DeviceError(
        .refused, "refused: \(first.title) is enabled\(first.node.map { " (/dev/\($0))" } ?? "")",
        details: enabled.dropFirst().map { "\($0.title) is enabled too" }
          + ["it seems unused, but it may hold data; --force destroys it, nothing was changed"],
        errno: 16)
    }
    return Plan(
      title: "destroy \(Self.count(namespaces))",
      // What cannot be undone comes last: labels.
      entries: namespaces.flatMap(Self.detaching) + namespaces.map(Self.zeroing)
        + namespaces.filter(isLabeled).map(freeing),
      warnings: clearance.warnings
        + namespaces.filter { !isLabeled($0) }.map {
          "\($0.dev) is all of a region without labels: it will stay, empty and disabled"
        },
      saves: namespaces.map { .head(namespace: $0.dev) },
      isDestructive: !namespaces.isEmpty, harmsUsers: clearance.harmsUsers)
  }

  /// Plans another name for a namespace: only its labels are written, nothing on it is touched. It is disabled for
  /// that, so nobody may be using it.
  ///
  /// - Parameters:
  ///   - namespace: Which.
  ///   - name: Up to 63 bytes.
  /// - Returns: The plan; without steps where that is its name.
  /// - Throws: ``DeviceError/Code/unsupported`` for a label-less namespace, ``DeviceError/Code/refused`` where someone is
  ///   in the way.
  public func rename(_ namespace: Namespace, to name: String) throws(DeviceError) -> Plan {
    let title = "rename \(namespace.title) to \"\(name)\""
    guard isLabeled(namespace) else {
      throw DeviceError(
        .unsupported, "cannot \(title): names are in labels, and region\(namespace.regionID) has none")
    }
    guard !namespace.isSeed else {
      throw DeviceError(.notFound, "cannot \(title): it has no size, it is only a place for a new namespace")
    }
    guard namespace.name != name else {
      return Plan(title: title, entries: [], warnings: ["\(namespace.title) has that name already"])
    }
    try refuseLostEnable([namespace], verb: "rename")
    let clearance = try inTheWay.check([namespace], verb: "rename", what: nil)
    var entries = Self.detaching(namespace)
    entries.append(
      Plan.Entry(
        .rename(namespace: namespace.dev, name: name),
        "write the name \"\(name)\" to the labels of \(namespace.dev)"))
    if namespace.isEnabled {
      entries.append(
        Plan.Entry(
          .enable(namespace: namespace.dev), "enable \(namespace.dev) \"\(name)\""))
    }
    let twin = inventory.namespaces.first { !$0.isSeed && $0.name == name }
    return Plan(
      title: title, entries: entries,
      warnings: clearance.warnings
        + (twin.map { ["\($0.dev) is also named \"\(name)\": the name alone will be ambiguous"] } ?? []),
      isDestructive: clearance.harmsUsers, harmsUsers: clearance.harmsUsers)
  }

  // MARK: Steps

  static func enabling(_ namespace: Namespace) -> Plan.Entry {
    Plan.Entry(
      .enable(namespace: namespace.dev), "enable \(namespace.title)")
  }

  static func disabling(_ namespace: Namespace) -> Plan.Entry {
    Plan.Entry(
      .disable(namespace: namespace.dev),
      "disable \(namespace.title)\(namespace.node.map { ": /dev/\($0) goes away" } ?? "")")
  }

  /// What makes it unclaimed and disabled.
  public static func detaching(_ namespace: Namespace) -> [Plan.Entry] {
    if namespace.isEnabled { return [disabling(namespace)] }
    guard let holder = namespace.holder else { return [] }
    return [
      Plan.Entry(
        .release(namespace: namespace.dev), "take \(namespace.title) from \(holder), which is not enabled")
    ]
  }

  static func zeroing(_ namespace: Namespace) -> Plan.Entry {
    Plan.Entry(
      .zeroInfoBlock(namespace: namespace.dev),
      "overwrite the first 8 KiB of \(namespace.title) with zeros",
      loses: "the first 8 KiB of \(namespace.dev)")
  }

  private func freeing(_ namespace: Namespace) -> Plan.Entry {
    Plan.Entry(
      .free(namespace: namespace.dev),
      "give the \(namespace.rawSize) of \(namespace.title) back to region\(namespace.regionID), and its labels",
      loses: "the labels of \(namespace.dev)")
  }

  private func isLabeled(_ namespace: Namespace) -> Bool {
    inventory.region(of: namespace)?.isLabeled ?? true
  }

  // MARK: Who is in the way

  /// Refuses, naming everyone who is in the way of making these anew, and all that would be lost by it.
  ///
  /// - Parameters:
  ///   - namespaces: What would be overwritten.
  ///   - verb: `make anew`.
  /// - Returns: What could not be found out and what will be lost, as warnings for the plan; and whether anybody is hurt.
  /// - Throws: ``DeviceError/Code/refused``.
  public func refuseLoss(
    _ namespaces: [Namespace], verb: String
  ) throws(DeviceError) -> (warnings: [String], harmsUsers: Bool) {
    let clearance = try inTheWay.checkLoss(namespaces, verb: verb, what: nil)
    return (clearance.warnings, clearance.harmsUsers)
  }

  // MARK: Words

  private func notes(_ namespaces: [Namespace], _ state: String) -> [String] {
    namespaces.map { "\($0.title) \(state)" }
  }

  static func count(_ namespaces: [Namespace]) -> String {
    namespaces.count == 1 ? namespaces[0].title : "\(namespaces.count) namespaces"
  }
}
