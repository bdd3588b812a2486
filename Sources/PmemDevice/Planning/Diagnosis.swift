/// The problems of a machine, and their remedies.
public struct Diagnosis: Hashable, Sendable {
  /// How much it matters.
  public enum Severity: String, CaseIterable, Hashable, Sendable {
    /// Something is lost, or does not work.
    case error
    /// Something is half done, or will not work when it is needed.
    case warning
    /// Worth knowing.
    case note
  }

  /// One problem.
  public struct Finding: Hashable, Sendable {
    public var severity: Severity
    /// Kernel name of what it is about, or `undo`.
    public var subject: String
    public var text: String
    /// The steps that fix it without a loss to any user; empty if a person must decide.
    public var fix: [Plan.Entry]
    /// Commands to paste that would help.
    public var suggestions: [Suggestion]

    public init(
      _ severity: Severity, _ subject: String, _ text: String, fix: [Plan.Entry] = [],
      try suggestions: [Suggestion] = []
    ) {
      self.severity = severity
      self.subject = subject
      self.text = text
      self.fix = fix
      self.suggestions = suggestions
    }
  }

  public private(set) var findings: [Finding] = []

  /// Examines an inventory.
  ///
  /// - Parameters:
  ///   - inventory: Read for planning.
  ///   - health: The health report of each of its DIMMs, in their order; empty if none was read.
  public init(_ inventory: Inventory, health: [HealthReading] = []) {
    for (index, dimm) in inventory.dimms.enumerated() {
      look(at: dimm)
      look(at: dimm, health.indices.contains(index) ? health[index] : .notSupported)
    }
    if health.contains(.notPermitted) {
      add(Finding(.note, "health", "only root may read the health of DIMMs: it was not read"))
    }
    for region in inventory.regions { look(at: region, inventory) }
    lookForTwins(inventory)
    findings += CxlDiagnosis(inventory).findings
  }

  /// Adds what others found.
  public mutating func add(_ finding: Finding) { findings.append(finding) }

  /// Drops the finding that something is disabled, if a more specific one exists.
  public mutating func replaceDisabled(_ subject: String) {
    findings.removeAll { $0.subject == subject && $0.text.hasPrefix(Self.disabled) }
  }

  private static let disabled = "it is disabled"

  /// Makes findings depend on another one: they stay, without a remedy of their own.
  ///
  /// - Parameters:
  ///   - subjects: The devices that they are about.
  ///   - reason: The other finding, in words.
  public mutating func leave(_ subjects: Set<String>, to reason: String) {
    for index in findings.indices where subjects.contains(findings[index].subject) {
      findings[index].fix = []
      findings[index].suggestions = []
      findings[index].text += " (\(reason))"
    }
  }

  /// Drops the finding that a region could have labels, if it has damaged ones.
  public mutating func replaceBlank(_ region: String) {
    findings.removeAll { $0.subject == region && $0.text == Self.blank }
  }

  private static let blank = "it has no labels and cannot be divided, though its DIMMs could hold some"

  /// All fixes, as one plan; nil if there are none.
  public var fix: Plan? {
    let entries = findings.flatMap(\.fix)
    return entries.isEmpty ? nil : Plan(title: "fix the problems found", entries: entries)
  }

  // MARK: DIMMs and regions

  private mutating func look(at dimm: DIMM) {
    if !dimm.isEnabled {
      add(Finding(.warning, dimm.dev, "it is disabled", try: ["pmemctl dimm enable \(dimm.dev)"]))
    }
    if let labels = dimm.labels, labels.availableSlots < 1 {
      add(Finding(.warning, dimm.dev, "no label is free: no namespace can be created on it"))
    }
  }

  private mutating func look(at dimm: DIMM, _ reading: HealthReading) {
    for reason in HealthVerdict(of: dimm, reading).reasons {
      add(
        Finding(
          reason.level == .critical ? .error : .warning, dimm.dev, reason.text,
          try: ["pmemctl dimm health \(dimm.dev)"]))
    }
  }

  /// A region on a DIMM that is not armed is read-only (region_devs.c:nd_region_create, NDD_UNARMED); any other was
  /// made so by hand.
  private mutating func lookAtReadOnly(_ region: Region, _ inventory: Inventory) {
    let unarmed = inventory.dimms.filter { dimm in
      dimm.flags.contains("failed_arm") && region.mappings.contains { $0.dimm == dimm.dev }
    }
    guard let dimm = unarmed.first else {
      return add(
        Finding(
          .warning, region.dev, "it is read-only",
          try: ["echo 0 | sudo tee /sys/bus/nd/devices/\(region.dev)/read_only"]))
    }
    add(
      Finding(
        .warning, region.dev,
        "it is read-only, because \(dimm.dev) is not armed: what is written may be lost",
        try: ["pmemctl dimm health \(dimm.dev)"]))
  }

  /// By namespace; the region has the rest, which is free or of its labels' making.
  private mutating func lookForBadBlocks(_ region: Region) {
    let damaged = region.configuredNamespaces.filter { $0.badblockCount > 0 }
    for namespace in damaged {
      let count = counted(namespace.badblockCount, "block")
      add(
        Finding(
          .error, namespace.dev,
          "\(count) of 512 bytes \(namespace.badblockCount == 1 ? "is" : "are") bad: the content is lost",
          try: ["pmemctl namespace clear-errors \(namespace.dev)"]))
    }
    let rest = region.badblockCount - damaged.reduce(0) { $0 + $1.badblockCount }
    guard rest > 0 else { return }
    add(
      Finding(
        damaged.isEmpty ? .error : .warning, region.dev,
        "\(counted(rest, "block")) of 512 bytes \(rest == 1 ? "is" : "are") bad, outside of namespaces"))
  }

  private mutating func look(at region: Region, _ inventory: Inventory) {
    guard region.isEnabled else {
      add(
        Finding(
          .warning, region.dev, "it is disabled, its namespaces are not visible",
          try: ["pmemctl region enable \(region.dev)"]))
      return
    }
    if region.isReadOnly { lookAtReadOnly(region, inventory) }
    lookForBadBlocks(region)
    let dimms = inventory.dimms.filter { dimm in region.mappings.contains { $0.dimm == dimm.dev } }
    let versions = Set(dimms.compactMap { $0.labels?.isBlank == true ? nil : $0.labels?.version })
    if versions.count > 1 {
      add(Finding(.error, region.dev, "its DIMMs have labels of different versions, so none of them counts"))
    }
    let blank = dimms.filter { $0.labels?.isBlank == true }.map(\.dev)
    if !region.isLabeled, !blank.isEmpty {
      add(
        Finding(
          .note, region.dev, Self.blank,
          try: ["pmemctl label init \(words: blank)"]))
    }
    if region.isLabeled, region.nextNamespace == nil, region.availableSize > .zero {
      add(
        Finding(
          .warning, region.dev, "the kernel has lost the device for its next namespace: none can be created",
          try: ["pmemctl region disable \(region.dev) && pmemctl region enable \(region.dev)"]))
    }
    for namespace in region.namespaces { look(at: namespace) }
  }

  // MARK: Namespaces

  private mutating func look(at namespace: Namespace) {
    if namespace.isSeed, let uuid = namespace.uuid, !uuid.isNull {
      add(
        Finding(
          .warning, namespace.dev,
          "an unfinished create left UUID \(uuid) on it, so no namespace can be created there",
          fix: [
            Plan.Entry(
              .free(namespace: namespace.dev), "make \(namespace.dev) an idle device again")
          ]))
      return
    }
    guard !namespace.isEnabled else { return }
    if let holder = namespace.holder {
      add(
        Finding(
          .warning, namespace.dev,
          "\(holder) claims it, but is not enabled: neither can be used. Its configuration was never completed, or the "
            + "kernel refuses its media",
          fix: [Plan.Entry(.release(namespace: namespace.dev), "take \(namespace.title) from \(holder)")],
          try: [
            namespace.mode == .sector
              ? "pmemctl namespace check --repair --force \(namespace.dev)"
              : "pmemctl namespace check --force \(namespace.dev)"
          ]))
    } else if !namespace.isSeed {
      add(
        Finding(
          .note, namespace.dev, "it is disabled", try: ["pmemctl namespace enable \(namespace.dev)"]))
    }
  }

  private mutating func lookForTwins(_ inventory: Inventory) {
    let named = inventory.regions.flatMap(\.configuredNamespaces).filter { $0.name?.isEmpty == false }
    for (name, twins) in Dictionary(grouping: named, by: { $0.name ?? "" }).sorted(by: { $0.key < $1.key })
    where twins.count > 1 {
      add(
        Finding(
          .note, twins[0].dev,
          "\(twins.map(\.dev).joined(separator: " and ")) are both named \"\(name)\": the name alone is ambiguous",
          try: ["pmemctl namespace rename \(twins[1].dev) NAME"]))
    }
  }
}
