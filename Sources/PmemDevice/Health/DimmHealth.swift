/// A DIMM's own health report (SMART). A value that the DIMM does not offer is nil, never a sentinel number.
public struct DimmHealth: Hashable, Sendable {
  /// The DIMM's own judgement; the gravest if it gives several.
  public enum State: String, CaseIterable, Hashable, Sendable {
    case ok
    /// Maintenance is needed.
    case nonCritical = "non-critical"
    /// Features or performance are degraded.
    case critical
    /// Data are lost, or will be.
    case fatal
  }

  /// The subject of an alarm, in the order of the bits (linux: ND_SMART_*_TRIP).
  public enum AlarmKind: String, CaseIterable, Hashable, Sendable {
    case spares
    case mediaTemperature = "media-temperature"
    case controllerTemperature = "controller-temperature"
  }

  /// One alarm of a DIMM.
  public struct Alarm: Hashable, Sendable {
    /// Whether it is raised; nil if the DIMM does not offer alarms.
    public var isRaised: Bool?
    /// Whether the DIMM watches for it, and notifies; nil if that could not be read.
    public var isWatched: Bool?

    public init(isRaised: Bool? = nil, isWatched: Bool? = nil) {
      self.isRaised = isRaised
      self.isWatched = isWatched
    }
  }

  public var state: State?
  public var mediaTemperature: Temperature?
  public var controllerTemperature: Temperature?
  /// Percent of the spare blocks that are left, 0 to 100.
  public var spares: Int?
  /// Percent of the rated life that is used, 0 to 100.
  public var lifeUsed: Int?
  /// Whether the last shutdown lost what was on its way to the media.
  public var isShutdownDirty: Bool?
  /// How many shutdowns did, since it was made; it only grows.
  public var dirtyShutdowns: UInt64?
  public var mediaTemperatureThreshold: Temperature?
  public var controllerTemperatureThreshold: Temperature?
  /// Percent at or below which the spares alarm is raised.
  public var sparesThreshold: Int?
  /// Why thresholds and watched alarms could not be read; nil if they were, or the DIMM has none.
  public var thresholdsProblem: String?
  private var alarms: [AlarmKind: Alarm] = [:]

  public init() {}

  /// Both nil if the DIMM has no such alarm.
  public subscript(kind: AlarmKind) -> Alarm {
    get { alarms[kind] ?? Alarm() }
    set { alarms[kind] = newValue == Alarm() ? nil : newValue }
  }

  /// The threshold of an alarm: sixteenths of a degree Celsius, or percent of the spare blocks.
  public func threshold(_ kind: AlarmKind) -> Int? {
    switch kind {
    case .spares: sparesThreshold
    case .mediaTemperature: mediaTemperatureThreshold?.sixteenths
    case .controllerTemperature: controllerTemperatureThreshold?.sixteenths
    }
  }

  /// Sets thresholds and watched alarms, as far as the settings say something.
  public mutating func apply(_ settings: AlarmSettings) {
    for kind in settings.kinds {
      if let threshold = settings[kind].threshold {
        switch kind {
        case .spares: sparesThreshold = threshold
        case .mediaTemperature: mediaTemperatureThreshold = Temperature(sixteenths: threshold)
        case .controllerTemperature: controllerTemperatureThreshold = Temperature(sixteenths: threshold)
        }
      }
      self[kind].isWatched = settings[kind].isWatched ?? self[kind].isWatched
    }
  }

  /// Whether a value is at its threshold or beyond it; nil if either is not known.
  public func isBeyondThreshold(_ kind: AlarmKind) -> Bool? {
    switch kind {
    case .spares: Self.compare(spares, sparesThreshold, <=)
    case .mediaTemperature: Self.compare(mediaTemperature, mediaTemperatureThreshold, >=)
    case .controllerTemperature: Self.compare(controllerTemperature, controllerTemperatureThreshold, >=)
    }
  }

  private static func compare<Value>(
    _ value: Value?, _ threshold: Value?, _ isBeyond: (Value, Value) -> Bool
  ) -> Bool? {
    guard let value, let threshold else { return nil }
    return isBeyond(value, threshold)
  }
}
