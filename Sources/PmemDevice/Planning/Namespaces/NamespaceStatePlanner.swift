/// Plans what happens to namespaces that exist: enable, disable, destroy. Several at once are one plan:
/// all of them are checked before the first is touched.
public struct NamespaceStatePlanner {
  let inventory: Inventory
  let teardownGuard: TeardownGuard

  /// - Parameters:
  ///   - inventory: The machine's devices.
  ///   - inspector: Finds the users; read-only.
  ///   - contents: Finds the content that would be lost; nil if no content can be lost.
  ///   - accepted: Harm that a person has named, and wants done.
  public init(
    _ inventory: Inventory, inspector: any UsageInspector, contents: (any ContentInspector)?,
    accepting accepted: AcceptedDangers = []
  ) {
    self.inventory = inventory
    teardownGuard = TeardownGuard(inventory, inspector: inspector, contents: contents, accepting: accepted)
  }

  /// Enables namespaces; enabled ones are left out. Throws if one has no size.
  public func enable(_ namespaces: [Namespace]) throws(DeviceError) -> Plan {
    for namespace in namespaces where namespace.isSeed {
      throw DeviceError(
        .failed, "cannot enable \(namespace.dev): it has no size: it is an idle device for a new namespace",
        try: ["pmemctl namespace create --region region\(namespace.regionID)"], errno: 6)
    }
    let disabled = namespaces.filter { !$0.isEnabled }
    return Plan(
      title: "enable \(Self.count(namespaces))",
      entries: disabled.map(Self.enabling),
      warnings: notes(namespaces.filter(\.isEnabled), "is enabled already"))
  }

  /// Disables namespaces. Throws ``DeviceError/Code/refused`` if one is in use.
  public func disable(_ namespaces: [Namespace]) throws(DeviceError) -> Plan {
    let enabled = namespaces.filter(\.isEnabled)
    let clearance = try teardownGuard.check(enabled, verb: "disable", what: nil)
    return Plan(
      title: "disable \(Self.count(namespaces))", entries: enabled.map(Self.disabling),
      warnings: clearance.warnings + notes(namespaces.filter { !$0.isEnabled }, "is disabled already"),
      isDestructive: clearance.harmsUsers, harmsUsers: clearance.harmsUsers)
  }

  /// - Parameters:
  ///   - namespaces: The namespaces to destroy.
  ///   - force: Also those that are enabled, if they are unused.
  /// - Returns: The plan.
  /// - Throws: ``DeviceError/Code/refused`` if one is in use, or force is needed.
  public func destroy(_ namespaces: [Namespace], force: Bool) throws(DeviceError) -> Plan {
    for namespace in namespaces where namespace.isSeed {
      throw DeviceError(
        .notFound, "cannot destroy \(namespace.dev): it has no size, there is nothing to destroy")
    }
    let enabled = namespaces.filter(\.isEnabled)
    let clearance = try teardownGuard.checkLoss(namespaces, verb: "destroy", what: nil)
    if !force, let first = enabled.first {
      throw DeviceError(
        .refused, "refused: \(first.title) is enabled\(first.node.map { " (/dev/\($0))" } ?? "")",
        details: enabled.dropFirst().map { "\($0.title) is enabled too" }
          + ["it seems unused, but may hold data; --force destroys it; nothing was changed"],
        errno: 16)
    }
    return Plan(
      title: "destroy \(Self.count(namespaces))",
      // The irreversible steps come last: labels.
      entries: namespaces.flatMap(Self.detaching) + namespaces.map(Self.zeroing)
        + namespaces.filter(isLabeled).map(freeing),
      warnings: clearance.warnings
        + namespaces.filter { !isLabeled($0) }.map {
          "\($0.dev) is all of a region without labels: it will stay, empty and disabled"
        },
      saves: namespaces.map { .head(namespace: $0.dev) },
      isDestructive: !namespaces.isEmpty, harmsUsers: clearance.harmsUsers)
  }

  /// Plans another name for a namespace: only its labels are written, its content stays. It is disabled meanwhile, so
  /// it must be unused.
  ///
  /// - Parameters:
  ///   - namespace: Which.
  ///   - name: Up to 63 bytes.
  /// - Returns: The plan; without steps if that is its name.
  /// - Throws: ``DeviceError/Code/unsupported`` for a label-less namespace, ``DeviceError/Code/refused`` if it is in
  ///   use.
  public func rename(_ namespace: Namespace, to name: String) throws(DeviceError) -> Plan {
    let title = "rename \(namespace.title) to \"\(name)\""
    guard isLabeled(namespace) else {
      throw DeviceError(
        .unsupported, "cannot \(title): names are in labels, and region\(namespace.regionID) has none")
    }
    guard !namespace.isSeed else {
      throw DeviceError(
        .notFound, "cannot \(title): it has no size: it is an idle device for a new namespace")
    }
    guard namespace.name != name else {
      return Plan(title: title, entries: [], warnings: ["\(namespace.title) has that name already"])
    }
    try refuseLostEnable([namespace], verb: "rename")
    let clearance = try teardownGuard.check([namespace], verb: "rename", what: nil)
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
      "disable \(namespace.title)\(namespace.node.map { ", which removes /dev/\($0)" } ?? "")")
  }

  /// The steps that make it unclaimed and disabled.
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
      "free the \(namespace.rawSize) of \(namespace.title) in region\(namespace.regionID), and its labels",
      loses: "the labels of \(namespace.dev)")
  }

  private func isLabeled(_ namespace: Namespace) -> Bool {
    inventory.region(of: namespace)?.isLabeled ?? true
  }

  // MARK: Who is in the way

  /// Refuses if recreating them is blocked, naming every user and all content that would be lost.
  ///
  /// - Parameters:
  ///   - namespaces: Those that would be overwritten.
  ///   - verb: `recreate`.
  /// - Returns: What could not be determined and what will be lost, as warnings for the plan; and whether users are
  ///   harmed.
  /// - Throws: ``DeviceError/Code/refused``.
  public func refuseLoss(
    _ namespaces: [Namespace], verb: String
  ) throws(DeviceError) -> (warnings: [String], harmsUsers: Bool) {
    let clearance = try teardownGuard.checkLoss(namespaces, verb: verb, what: nil)
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
