/// What is not as it should be on a machine, and what helps.
public struct Diagnosis: Hashable, Sendable {
  public enum Severity: String, CaseIterable, Hashable, Sendable {
    /// Something is lost, or does not work.
    case error
    /// Something is half done, or will not work when it is needed.
    case warning
    /// Worth knowing.
    case note
  }

  public struct Finding: Hashable, Sendable {
    public var severity: Severity
    /// Kernel name of what it is about, or `undo`.
    public var subject: String
    public var text: String
    /// What puts it right without taking anything from anybody; empty where a person must decide.
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

  /// Looks at what an inventory tells.
  ///
  /// - Parameter inventory: Read for planning.
  public init(_ inventory: Inventory) {
    for dimm in inventory.dimms { look(at: dimm) }
    for region in inventory.regions { look(at: region, inventory) }
    lookForTwins(inventory)
  }

  /// Adds what others found.
  public mutating func add(_ finding: Finding) { findings.append(finding) }

  /// All that can be put right, as one plan; nil where there is nothing.
  public var fix: Plan? {
    let entries = findings.flatMap(\.fix)
    return entries.isEmpty ? nil : Plan(title: "fix what was found", entries: entries)
  }

  // MARK: DIMMs and regions

  private mutating func look(at dimm: DIMM) {
    if !dimm.isEnabled {
      add(Finding(.warning, dimm.dev, "it is disabled", try: ["pmemctl dimm enable \(dimm.dev)"]))
    }
    if !dimm.flags.isEmpty {
      add(Finding(.error, dimm.dev, "the platform reports \(dimm.flags.joined(separator: ", "))"))
    }
    if let labels = dimm.labels, labels.availableSlots < 1 {
      add(Finding(.warning, dimm.dev, "no label is free: no namespace can be created on it"))
    }
  }

  private mutating func look(at region: Region, _ inventory: Inventory) {
    guard region.isEnabled else {
      add(
        Finding(
          .warning, region.dev, "it is disabled, its namespaces are out of sight",
          try: ["pmemctl region enable \(region.dev)"]))
      return
    }
    if region.isReadOnly { add(Finding(.warning, region.dev, "it is read-only")) }
    if region.badblockCount > 0 {
      add(Finding(.error, region.dev, "\(region.badblockCount) blocks of 512 bytes are bad"))
    }
    let dimms = inventory.dimms.filter { dimm in region.mappings.contains { $0.dimm == dimm.dev } }
    let versions = Set(dimms.compactMap { $0.labels?.isBlank == true ? nil : $0.labels?.version })
    if versions.count > 1 {
      add(Finding(.error, region.dev, "its DIMMs have labels of different versions, so none of them counts"))
    }
    let blank = dimms.filter { $0.labels?.isBlank == true }.map(\.dev)
    if !region.isLabeled, !blank.isEmpty {
      add(
        Finding(
          .note, region.dev, "it has no labels and cannot be divided, though its DIMMs could hold some",
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
    if namespace.isIdle, let uuid = namespace.uuid, !uuid.isNull {
      add(
        Finding(
          .warning, namespace.dev,
          "somebody began to make a namespace of it and did not go on: nobody else can (UUID \(uuid))",
          fix: [
            Plan.Entry(
              .free(namespace: namespace.dev), "make \(namespace.dev) a place for a new namespace again")
          ]))
      return
    }
    guard !namespace.isEnabled else { return }
    if let holder = namespace.holder {
      add(
        Finding(
          .warning, namespace.dev, "\(holder) claims it, but is not enabled: neither can be used",
          fix: [Plan.Entry(.release(namespace: namespace.dev), "take \(namespace.title) from \(holder)")]))
    } else if !namespace.isIdle {
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
