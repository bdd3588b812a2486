/// The verdict on a DIMM's health, with its reasons: the same for `dimm health`, `status` and `doctor`.
public struct HealthVerdict: Hashable, Sendable {
  /// From the worst to what nothing is known of.
  public enum Level: String, CaseIterable, Hashable, Sendable {
    /// Data are lost or in danger: replace it.
    case critical
    /// Someone should look at it.
    case warning
    /// The health command failed.
    case unknown
    case good
    /// Nothing bad is known, but only root may ask the DIMM.
    case notPermitted = "not-permitted"
    /// Nothing bad is known, and the DIMM cannot be asked.
    case notSupported = "not-supported"

    /// Whether a person has to act.
    public var isBad: Bool { self == .critical || self == .warning }
  }

  /// One finding against it, and its weight.
  public struct Reason: Hashable, Sendable {
    public var level: Level
    public var text: String
  }

  public let level: Level
  /// The worst first; empty if it is healthy.
  public let reasons: [Reason]

  /// - Parameters:
  ///   - dimm: With the flags that the platform reports (ACPI 6.5, 5.2.25.3, NVDIMM State Flags).
  ///   - reading: The result of reading its health.
  public init(of dimm: DIMM, _ reading: HealthReading) {
    var reasons = Self.reasons(flags: dimm.flags)
    let rest: Level
    switch reading {
    case .reported(let health):
      reasons += Self.reasons(health)
      rest = .good
    case .notSupported: rest = .notSupported
    case .notPermitted: rest = .notPermitted
    case .failed(let reason):
      reasons.append(Reason(level: .unknown, text: "its health cannot be read: \(reason)"))
      rest = .unknown
    }
    let order = Level.allCases
    self.reasons = order.flatMap { level in reasons.filter { $0.level == level } }
    level = self.reasons.first?.level ?? rest
  }

  // MARK: Reasons

  private static func reasons(flags: [String]) -> [Reason] {
    flags.map { flag in
      switch flag {
      case "smart_event": Reason(level: .warning, text: "the platform reports a health event (smart_event)")
      case "failed_map":
        Reason(level: .critical, text: "the platform did not map it (failed_map): it cannot be used")
      case "failed_save", "failed_flush", "failed_restore":
        Reason(level: .critical, text: "the platform reports \(flag): data of the last shutdown are lost")
      case "failed_arm":
        Reason(level: .critical, text: "the platform reports failed_arm: the next power loss loses data")
      default: Reason(level: .critical, text: "the platform reports \(flag)")
      }
    }
  }

  private static func reasons(_ health: DimmHealth) -> [Reason] {
    var reasons: [Reason] = []
    func add(_ level: Level, _ text: String) { reasons.append(Reason(level: level, text: text)) }
    switch health.state {
    case .fatal, .critical: add(.critical, "it reports the state \(health.state?.rawValue ?? "")")
    case .nonCritical: add(.warning, "it reports the state non-critical: it needs maintenance")
    case .ok, nil: break
    }
    for kind in DimmHealth.AlarmKind.allCases {
      let isRaised = health[kind].isRaised == true
      let isBeyond = health.isBeyondThreshold(kind) == true
      guard isRaised || isBeyond else { continue }
      add(.warning, "\(isRaised ? "alarm" : "threshold reached"): \(health.measured(kind))")
    }
    if let used = health.lifeUsed, used >= 100 { add(.warning, "its rated life is used up") }
    if health.isShutdownDirty == true {
      add(
        .warning,
        "the last shutdown was dirty: data on their way to the media are lost, and PMDK pools that were open may not open"
      )
    }
    if let problem = health.thresholdsProblem {
      add(.unknown, "its thresholds and watched alarms cannot be read: \(problem)")
    }
    return reasons
  }
}

extension DimmHealth {
  /// The value that an alarm is about beside its threshold, in words.
  public func measured(_ kind: AlarmKind) -> String {
    func words(_ name: String, _ value: String?, _ threshold: String?) -> String {
      "\(name) \(value ?? "not offered")" + (threshold.map { ", threshold \($0)" } ?? "")
    }
    return switch kind {
    case .spares: words("spares", spares.map { "\($0)%" }, sparesThreshold.map { "\($0)%" })
    case .mediaTemperature:
      words(
        "media temperature", mediaTemperature.map { "\($0)" }, mediaTemperatureThreshold.map { "\($0)" })
    case .controllerTemperature:
      words(
        "controller temperature", controllerTemperature.map { "\($0)" },
        controllerTemperatureThreshold.map { "\($0)" })
    }
  }
}
