/// Harm to others that a person has named, and wants done. There is none for memory that somebody has pinned: taking it
/// away crashes the kernel, its holder must go first.
public struct AcceptedDangers: OptionSet, Hashable, Sendable {
  public let rawValue: Int

  public init(rawValue: Int) { self.rawValue = rawValue }

  /// Whoever has it mapped or open gets SIGBUS, or errors.
  public static let breakMappings = AcceptedDangers(rawValue: 1)
  /// Pins that no process is left to release are forgotten.
  public static let discardOrphanPins = AcceptedDangers(rawValue: 2)

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
  private let inspector: any UsageInspector
  private let accepted: AcceptedDangers

  init(_ inspector: any UsageInspector, accepting accepted: AcceptedDangers = []) {
    self.inspector = inspector
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
    let report = try inspector.usage(of: namespaces)
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
