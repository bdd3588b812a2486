/// Harm to others that a person has named, and wants done. There is none for memory that somebody has pinned: taking it
/// away crashes the kernel, its holder must go first.
public struct AcceptedDangers: OptionSet, Hashable, Sendable {
  public let rawValue: Int

  public init(rawValue: Int) { self.rawValue = rawValue }

  /// Whoever has it mapped or open gets SIGBUS, or errors.
  public static let breakMappings = AcceptedDangers(rawValue: 1)
  /// Pins that no process is left to release are forgotten.
  public static let discardOrphanPins = AcceptedDangers(rawValue: 2)
  /// Filesystems, volumes and tables that are recognised on it are lost.
  public static let discardContent = AcceptedDangers(rawValue: 4)

  /// Whether a use is of the kind that was accepted.
  fileprivate func covers(_ use: Usage) -> Bool {
    switch use.effect {
    case .sigbus, .errors: contains(.breakMappings)
    case .none: contains(.discardOrphanPins)
    case .refused, .waits, .corrupts, .crash: false
    }
  }
}

/// The check before anything is taken away: there is this one.
struct InTheWay {
  private let inventory: Inventory
  private let inspector: any UsageInspector
  private let contents: (any ContentInspector)?
  private let accepted: AcceptedDangers

  /// - Parameters:
  ///   - inventory: What there is.
  ///   - inspector: Tells who uses namespaces.
  ///   - contents: Tells what is on them; nil where nothing that can be taken away is lost.
  ///   - accepted: Harm that a person has named, and wants done.
  init(
    _ inventory: Inventory, inspector: any UsageInspector, contents: (any ContentInspector)?,
    accepting accepted: AcceptedDangers
  ) {
    self.inventory = inventory
    self.inspector = inspector
    self.contents = contents
    self.accepted = accepted
  }

  /// What a check that found nothing in the way has to say.
  struct Clearance {
    /// For the plan: what could not be found out, and who will be hurt.
    var warnings: [String]
    /// Whether anybody will be hurt, as was accepted.
    var hurts: Bool
  }

  /// Refuses, with everyone who is in the way.
  ///
  /// - Parameters:
  ///   - namespaces: What would be taken away.
  ///   - verb: `disable`, `destroy`.
  ///   - what: What the person named, where it is not the namespaces themselves.
  /// - Returns: That nobody is, but for those whose harm was accepted.
  /// - Throws: ``DeviceError/Code/refused``.
  func check(_ namespaces: [Namespace], verb: String, what: String?) throws(DeviceError) -> Clearance {
    let enabled = namespaces.filter(\.isEnabled)
    return enabled.isEmpty ? Clearance(warnings: [], hurts: false) : try users(enabled, verb, what)
  }

  /// As ``check(_:verb:what:)``, for what overwrites: refuses also where something is recognised on them.
  ///
  /// - Parameters:
  ///   - namespaces: Whose content would be lost, enabled or not.
  ///   - verb: `destroy`, `initialize`.
  ///   - what: What the person named, where it is not the namespaces themselves.
  /// - Returns: That nothing is lost but what was accepted.
  /// - Throws: ``DeviceError/Code/refused``.
  func checkLoss(_ namespaces: [Namespace], verb: String, what: String?) throws(DeviceError) -> Clearance {
    var clearance = try check(namespaces, verb: verb, what: what)
    guard let report = contents?.contents(of: namespaces) else { return clearance }
    let lost = namespaces.flatMap { namespace in
      (report.contents[namespace.dev] ?? []).map { (namespace: namespace, content: $0) }
    }
    guard let first = lost.first else {
      clearance.warnings += report.unknown
      return clearance
    }
    let lines = lost.map { "\($0.namespace.title): \($0.content.text)" }
    guard accepted.contains(.discardContent) else {
      let subject = what ?? NamespaceStatePlanner.count(namespaces)
      let reason = lost.count == 1 ? "\(first.content.kind) is on \(first.namespace.dev)" : "there is content"
      throw DeviceError(
        .refused, "refused to \(verb) \(subject): \(reason)",
        details: lines + ["it would be lost; --discard-content says that it may be; nothing was changed"],
        errno: 16)
    }
    return Clearance(
      warnings: clearance.warnings + report.unknown + lines.map { "lost: \($0)" }, hurts: true)
  }

  private func users(
    _ namespaces: [Namespace], _ verb: String, _ what: String?
  ) throws(DeviceError) -> Clearance {
    let report = try inspector.usage(of: namespaces, in: inventory)
    let subject = what ?? NamespaceStatePlanner.count(namespaces)
    guard report.hiddenProcesses == 0 || !report.uses.isEmpty else {
      throw DeviceError(
        .permission,
        "cannot tell who uses \(subject): \(report.hiddenProcesses) processes may not be looked at",
        details: ["only root sees those of others; nothing was changed"])
    }
    let hurt = report.uses.filter(accepted.covers)
    guard hurt.count == report.uses.count else {
      throw refusal(report.uses.filter { !accepted.covers($0) }, namespaces, verb: verb, subject)
    }
    guard hurt.isEmpty || report.unknown.isEmpty else {
      throw DeviceError(
        .refused, "refused to \(verb) \(subject): it is in use, and may be pinned",
        details: report.unknown + ["what is pinned is not taken away; nothing was changed"], errno: 16)
    }
    return Clearance(
      warnings: report.unknown + hurt.map { "\($0.kind.rawValue): \($0.text); \($0.consequence)" },
      hurts: !hurt.isEmpty)
  }

  private func refusal(
    _ uses: [Usage], _ namespaces: [Namespace], verb: String, _ what: String
  ) -> DeviceError {
    let used = namespaces.filter { namespace in uses.contains { $0.namespace == namespace.dev } }
    var advice: [String] = []
    for use in uses where !advice.contains(use.advice) { advice.append(use.advice) }
    let details = uses.map { "\($0.kind.rawValue): \($0.text); \($0.consequence)" }
    let subject =
      used.count == 1 ? "\(used[0].title) is in use" : "\(used.count) namespaces are in use"
    return DeviceError(
      .refused, "refused to \(verb) \(what): \(subject)",
      details: details + advice + hints(uses) + ["nothing was changed"], errno: 16)
  }

  /// The flags that would do it all the same, where there are such for everything that is in the way.
  private func hints(_ uses: [Usage]) -> [String] {
    let all: AcceptedDangers = [.breakMappings, .discardOrphanPins]
    guard uses.allSatisfy(all.covers) else { return [] }
    return [
      uses.contains(where: AcceptedDangers.breakMappings.covers)
        ? "--break-mappings takes it away from whoever has it mapped or open" : nil,
      uses.contains(where: AcceptedDangers.discardOrphanPins.covers)
        ? "--discard-orphan-pins forgets pins that nobody can release" : nil,
    ].compactMap { $0 }
  }
}
