import PmemDevice

/// Kinds of event that `ndctl monitor` knows (ndctl/ndctl.h: ND_EVENT_*).
struct DimmEvents: OptionSet, Hashable {
  let rawValue: Int

  static let spares = DimmEvents(rawValue: 1)
  static let mediaTemperature = DimmEvents(rawValue: 2)
  static let controllerTemperature = DimmEvents(rawValue: 4)
  static let healthState = DimmEvents(rawValue: 8)
  static let uncleanShutdown = DimmEvents(rawValue: 16)
  static let all = DimmEvents(rawValue: 31)

  init(rawValue: Int) { self.rawValue = rawValue }

  init(_ kind: DimmHealth.AlarmKind) {
    switch kind {
    case .spares: self = .spares
    case .mediaTemperature: self = .mediaTemperature
    case .controllerTemperature: self = .controllerTemperature
    }
  }

  /// What a DIMM reports at one moment; a change of its health is not seen by that.
  init(of health: DimmHealth) {
    self = []
    for kind in DimmHealth.AlarmKind.allCases where health[kind].isRaised == true {
      insert(DimmEvents(kind))
    }
    if health.isShutdownDirty == true { insert(.uncleanShutdown) }
  }

  /// A word that names no event.
  struct Unknown: Error, Hashable {
    let word: String
  }

  /// Names between blanks; none are all of them.
  static func parsing(_ words: String?) -> Result<DimmEvents, Unknown> {
    guard let words else { return .success(.all) }
    var events: DimmEvents = []
    for word in words.split(separator: " ") {
      if word == "all" { return .success(.all) }
      guard let event = names.first(where: { $0.name == word })?.event else {
        return .failure(Unknown(word: String(word)))
      }
      events.insert(event)
    }
    return .success(events)
  }

  private static let names: [(event: DimmEvents, name: String)] = [
    (.spares, "dimm-spares-remaining"), (.mediaTemperature, "dimm-media-temperature"),
    (.controllerTemperature, "dimm-controller-temperature"), (.healthState, "dimm-health-state"),
    (.uncleanShutdown, "dimm-unclean-shutdown"),
  ]

  /// Each of these, and whether it has happened.
  func object(_ found: DimmEvents) -> LibraryObject {
    var object = LibraryObject()
    for (event, name) in Self.names where contains(event) { object.add(name, found.contains(event)) }
    return object
  }
}
