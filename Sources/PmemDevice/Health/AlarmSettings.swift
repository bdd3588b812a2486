/// How the alarms of a DIMM are set, or are to be set (drivers of Intel's family: "Set SMART Threshold",
/// include/ndctl/libndctl.h: ndctl_dimm_cmd_new_smart_set_threshold).
public struct AlarmSettings: Hashable, Sendable {
  /// Of one alarm; what is nil is not known, or stays as it is.
  public struct Setting: Hashable, Sendable {
    /// The value at which it is raised: sixteenths of a degree Celsius, or percent of the spare blocks.
    public var threshold: Int?
    /// Whether the DIMM watches for it.
    public var isWatched: Bool?

    public init(threshold: Int? = nil, isWatched: Bool? = nil) {
      self.threshold = threshold
      self.isWatched = isWatched
    }
  }

  private var settings: [DimmHealth.AlarmKind: Setting] = [:]

  /// None.
  public init() {}

  /// As a DIMM reports them.
  public init(of health: DimmHealth) {
    for kind in DimmHealth.AlarmKind.allCases {
      self[kind] = Setting(threshold: health.threshold(kind), isWatched: health[kind].isWatched)
    }
  }

  public subscript(kind: DimmHealth.AlarmKind) -> Setting {
    get { settings[kind] ?? Setting() }
    set { settings[kind] = newValue == Setting() ? nil : newValue }
  }

  /// The alarms of which something is set, in order of their bits.
  public var kinds: [DimmHealth.AlarmKind] {
    DimmHealth.AlarmKind.allCases.filter { settings[$0] != nil }
  }

  /// These, changed by others as far as those say something.
  public func applying(_ changes: AlarmSettings) -> AlarmSettings {
    var changed = self
    for kind in changes.kinds {
      changed[kind].threshold = changes[kind].threshold ?? self[kind].threshold
      changed[kind].isWatched = changes[kind].isWatched ?? self[kind].isWatched
    }
    return changed
  }

  /// `media temperature at 40.0 °C, watched; spares not watched`.
  public var words: String {
    kinds.map { kind in
      var text = kind.rawValue.split(separator: "-").joined(separator: " ")
      if let threshold = self[kind].threshold { text += " at \(kind.text(threshold))" }
      guard let isWatched = self[kind].isWatched else { return text }
      return text + (self[kind].threshold == nil ? " " : ", ") + (isWatched ? "watched" : "not watched")
    }.joined(separator: "; ")
  }
}

extension DimmHealth.AlarmKind {
  /// A threshold or value in its unit: `40.0 °C`, `5 %`.
  ///
  /// - Parameter value: Sixteenths of a degree Celsius, or percent.
  /// - Returns: It as text.
  public func text(_ value: Int) -> String {
    switch self {
    case .spares: "\(value) %"
    case .mediaTemperature, .controllerTemperature: "\(Temperature(sixteenths: value))"
    }
  }
}
