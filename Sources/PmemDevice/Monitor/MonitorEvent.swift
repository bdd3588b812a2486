/// One change of a machine.
public struct MonitorEvent: Hashable, Sendable {
  /// How much it matters, with syslog's number.
  public enum Severity: String, CaseIterable, Hashable, Sendable {
    case critical
    case warning
    case notice
    case info

    /// syslog(3).
    public var priority: Int {
      switch self {
      case .critical: 2
      case .warning: 4
      case .notice: 5
      case .info: 6
      }
    }
  }

  public var key: MachineObservation.Key
  /// nil if it was not there, or not known.
  public var old: String?
  /// nil if it is gone.
  public var new: String?

  public init(_ key: MachineObservation.Key, old: String?, new: String?) {
    self.key = key
    self.old = old
    self.new = new
  }

  /// `health-state: ok -> fatal`.
  public var text: String {
    let change = [old, new].compactMap(\.self).joined(separator: " -> ")
    guard key.property == MachineObservation.presence else { return "\(key.property): \(change)" }
    guard new != nil else { return "it is gone (\(change))" }
    return old == nil ? "it is there (\(change))" : "state: \(change)"
  }

  /// Whether a person should look at it.
  public var isBad: Bool { severity == .critical || severity == .warning }

  public var severity: Severity {
    guard let new else {
      return key.subject.hasPrefix("namespace") || key.subject.hasPrefix("dax") ? .notice : .warning
    }
    switch key.property {
    case MachineObservation.presence: return new == "disabled" ? .warning : .info
    case "health-state":
      switch DimmHealth.State(rawValue: new) {
      case .fatal, .critical: return .critical
      case .nonCritical: return .warning
      case .ok, nil: return .notice
      }
    case "bad-blocks", "dirty-shutdowns": return growth
    case "last-shutdown": return new == "dirty" ? .warning : .notice
    case "security": return new == "locked" ? .warning : .notice
    case "activation-result": return ["fail", "need_reset", "not_staged"].contains(new) ? .warning : .info
    case let name where name.hasSuffix("-alarm"): return new == "raised" ? .warning : .notice
    case let name where DIMM.platformFlags.contains(name):
      return new == "yes" ? (name == "smart_event" ? .warning : .critical) : .notice
    default: return .info
    }
  }

  /// Of a count: how many there are is no event by itself, but for bad blocks.
  private var growth: Severity {
    let now = new.flatMap { UInt64($0) } ?? 0
    let isBlocks = key.property == "bad-blocks"
    guard let before = old.flatMap({ UInt64($0) }) else { return isBlocks && now > 0 ? .critical : .info }
    guard now > before else { return .notice }
    return isBlocks ? .critical : .warning
  }
}
