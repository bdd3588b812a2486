/// Harm to users that was accepted by a flag. There is none for pinned memory: disabling it crashes the kernel, so its
/// holder must release it first.
public struct AcceptedDangers: OptionSet, Hashable, Sendable {
  /// One bit a danger.
  public let rawValue: Int

  public init(rawValue: Int) { self.rawValue = rawValue }

  /// Processes that have it mapped or open get SIGBUS, or errors.
  public static let breakMappings = AcceptedDangers(rawValue: 1)
  /// Pins that no process is left to release are forgotten.
  public static let discardOrphanPins = AcceptedDangers(rawValue: 2)
  /// Filesystems, volumes and tables that are recognised on it are lost.
  public static let discardContent = AcceptedDangers(rawValue: 4)
  /// Parts that could not be seen are taken to be unused: an unseen user loses it.
  public static let assumeUnused = AcceptedDangers(rawValue: 8)
  /// Everything on a DIMM is lost, whatever it is.
  public static let eraseAllData = AcceptedDangers(rawValue: 16)

  /// Whether a use is of the kind that was accepted.
  fileprivate func covers(_ use: Usage) -> Bool {
    switch use.effect {
    case .sigbus, .errors: contains(.breakMappings)
    case .none: contains(.discardOrphanPins)
    case .refused, .waits, .corrupts, .crash: false
    }
  }
}

/// The one check before anything is disabled or destroyed.
struct TeardownGuard {
  private let inventory: Inventory
  private let inspector: any UsageInspector
  private let contents: (any ContentInspector)?
  private let accepted: AcceptedDangers
  /// Whether the verb has the flags that accept dangers: a refusal names them then.
  private let hasFlags: Bool

  /// - Parameters:
  ///   - inventory: The machine's devices.
  ///   - inspector: Finds the users of namespaces.
  ///   - contents: Finds their content; nil if no content can be lost.
  ///   - accepted: Harm that a person has named, and wants done; nil if the verb has no flags for that.
  init(
    _ inventory: Inventory, inspector: any UsageInspector, contents: (any ContentInspector)?,
    accepting accepted: AcceptedDangers?
  ) {
    self.inventory = inventory
    self.inspector = inspector
    self.contents = contents
    self.accepted = accepted ?? []
    hasFlags = accepted != nil
  }

  /// The findings of a check that refused nothing.
  struct Clearance {
    /// For the plan: what could not be determined, and who will be harmed.
    var warnings: [String]
    /// Whether any user will be harmed, as was accepted.
    var harmsUsers: Bool
  }

  /// Refuses, with everyone who is in the way.
  ///
  /// - Parameters:
  ///   - namespaces: Those to be disabled or destroyed.
  ///   - verb: `disable`, `destroy`.
  ///   - what: The argument, if it is not the namespaces themselves.
  /// - Returns: The findings; only users whose harm was accepted are among them.
  /// - Throws: ``DeviceError/Code/refused``.
  func check(_ namespaces: [Namespace], verb: String, what: String?) throws(DeviceError) -> Clearance {
    let enabled = namespaces.filter(\.isEnabled)
    return enabled.isEmpty ? Clearance(warnings: [], harmsUsers: false) : try users(enabled, verb, what)
  }

  /// As ``check(_:verb:what:)``, for steps that overwrite: refuses also if content is recognised on them.
  ///
  /// - Parameters:
  ///   - namespaces: Whose content would be lost, enabled or not.
  ///   - verb: `destroy`, `initialize`.
  ///   - what: The argument, if it is not the namespaces themselves.
  /// - Returns: That nothing is lost but what was accepted.
  /// - Throws: ``DeviceError/Code/refused``.
  func checkLoss(_ namespaces: [Namespace], verb: String, what: String?) throws(DeviceError) -> Clearance {
    var clearance = try check(namespaces, verb: verb, what: what)
    guard let report = contents?.contents(of: namespaces) else { return clearance }
    let lost = namespaces.flatMap { namespace in
      (report.contents[namespace.dev] ?? []).map { (namespace: namespace, content: $0) }
    }
    guard let first = lost.first else {
      guard report.unknown.isEmpty || accepted.contains(.discardContent) else {
        throw DeviceError(
          .failed,
          "cannot \(verb) \(what ?? NamespaceStatePlanner.count(namespaces)): its content cannot be read",
          details: report.unknown + [
            "it would be lost; --discard-content permits it; nothing was changed"
          ], errno: 5)
      }
      clearance.warnings += report.unknown + report.unpresented
      return clearance
    }
    let lines = lost.map { "\($0.namespace.title): \($0.content.text)" }
    guard accepted.contains(.discardContent) else {
      let subject = what ?? NamespaceStatePlanner.count(namespaces)
      let reason = lost.count == 1 ? "\(first.content.kind) is on \(first.namespace.dev)" : "there is content"
      throw DeviceError(
        .refused, "refused to \(verb) \(subject): \(reason)",
        details: lines + ["it would be lost; --discard-content permits it; nothing was changed"],
        errno: 16)
    }
    return Clearance(
      warnings: clearance.warnings + report.unknown + report.unpresented + lines.map { "lost: \($0)" },
      harmsUsers: true)
  }

  private func users(
    _ namespaces: [Namespace], _ verb: String, _ what: String?
  ) throws(DeviceError) -> Clearance {
    let report = try inspector.usage(of: namespaces, in: inventory)
    let subject = what ?? NamespaceStatePlanner.count(namespaces)
    let hurt = report.uses.filter(accepted.covers)
    guard hurt.count == report.uses.count else {
      throw refusal(report.uses.filter { !accepted.covers($0) }, namespaces, verb: verb, subject)
    }
    let unseen = report.missing.filter(\.isDecisive)
    guard unseen.isEmpty || accepted.contains(.assumeUnused) else {
      throw blind(unseen, verb, subject)
    }
    let pins = report.missing.filter { $0.part == .pins }
    guard hurt.isEmpty || pins.isEmpty else {
      throw DeviceError(
        .refused, "refused to \(verb) \(subject): it is in use, and may be pinned",
        details: pins.map(\.text) + ["pinned memory is never disabled; nothing was changed"], errno: 16)
    }
    return Clearance(
      warnings: report.missing.map(\.text)
        + hurt.map { "\($0.kind.rawValue): \($0.text); \($0.consequence)" },
      harmsUsers: !hurt.isEmpty || !unseen.isEmpty)
  }

  /// An incomplete view cannot show that there is no user.
  private func blind(_ unseen: [Unseen], _ verb: String, _ what: String) -> DeviceError {
    var remedies: [String] = []
    for remedy in unseen.compactMap(\.remedy) where !remedies.contains(remedy) { remedies.append(remedy) }
    return DeviceError(
      .permission, "cannot \(verb) \(what): it may be in use",
      details: unseen.map(\.reason) + remedies
        + (hasFlags ? ["--assume-unused does it all the same: an unseen user loses it"] : [])
        + ["nothing was changed"])
  }

  private func refusal(
    _ uses: [Usage], _ namespaces: [Namespace], verb: String, _ what: String
  ) -> DeviceError {
    let used = namespaces.filter { namespace in uses.contains { $0.namespace == namespace.dev } }
    var advice: [String] = []
    for use in uses where !advice.contains(use.advice) { advice.append(use.advice) }
    let details = uses.map { "\($0.kind.rawValue): \($0.text); \($0.consequence)" }
    let subject =
      used.count != 1
      ? "\(used.count) namespaces are in use"
      : what == used[0].title ? "it is in use" : "\(used[0].title) is in use"
    return DeviceError(
      .refused, "refused to \(verb) \(what): \(subject)",
      details: details + advice + hints(uses) + ["nothing was changed"], errno: 16)
  }

  /// The flags that would do it all the same, if there are flags for everything that blocks it.
  private func hints(_ uses: [Usage]) -> [String] {
    let all: AcceptedDangers = [.breakMappings, .discardOrphanPins]
    guard hasFlags, uses.allSatisfy(all.covers) else { return [] }
    return [
      uses.contains(where: AcceptedDangers.breakMappings.covers)
        ? "--break-mappings disables it although it is mapped or open" : nil,
      uses.contains(where: AcceptedDangers.discardOrphanPins.covers)
        ? "--discard-orphan-pins forgets pins that no process can release" : nil,
    ].compactMap { $0 }
  }
}
