import PmemDevice

/// The health of a DIMM as `ndctl list -H` prints it.
enum HealthObject {
  /// - Returns: nil if the DIMM reports none; `unknown` if this process may not ask.
  static func of(_ reading: HealthReading) -> LibraryJSON? {
    switch reading {
    case .reported(let health): return .object(object(health))
    case .notPermitted, .failed:
      var object = LibraryObject()
      object.add("health_state", "unknown")
      return .object(object)
    case .notSupported: return nil
    }
  }

  private static func object(_ health: DimmHealth) -> LibraryObject {
    var object = LibraryObject()
    object.add("health_state", health.state.map(word) ?? "unknown")
    object.add("temperature_celsius", health.mediaTemperature.map(degrees))
    object.add("controller_temperature_celsius", health.controllerTemperature.map(degrees))
    object.add("spares_percentage", health.spares)
    object.add("alarm_temperature", health[.mediaTemperature].isRaised)
    object.add("alarm_controller_temperature", health[.controllerTemperature].isRaised)
    object.add("alarm_spares", health[.spares].isRaised)
    add(.mediaTemperature, "media_temperature", to: &object, health) {
      ("temperature_threshold", health.mediaTemperatureThreshold.map(degrees))
    }
    add(.controllerTemperature, "ctrl_temperature", to: &object, health) {
      ("controller_temperature_threshold", health.controllerTemperatureThreshold.map(degrees))
    }
    add(.spares, "spares", to: &object, health) {
      ("spares_threshold", health.sparesThreshold.map(LibraryJSON.integer))
    }
    object.add("life_used_percentage", health.lifeUsed)
    object.add("shutdown_state", health.isShutdownDirty.map { $0 ? "dirty" : "clean" })
    object.add("shutdown_count", health.dirtyShutdowns)
    return object
  }

  private static func add(
    _ kind: DimmHealth.AlarmKind, _ word: String, to object: inout LibraryObject, _ health: DimmHealth,
    threshold: () -> (String, LibraryJSON?)
  ) {
    guard let isWatched = health[kind].isWatched else { return }
    object.add("alarm_enabled_\(word)", isWatched)
    guard isWatched else { return }
    let (key, value) = threshold()
    object.add(key, value)
  }

  private static func word(_ state: DimmHealth.State) -> String {
    switch state {
    case .ok: "ok"
    case .nonCritical: "non-critical"
    case .critical: "critical"
    case .fatal: "fatal"
    }
  }

  /// Sixteenths of a degree.
  private static func degrees(_ temperature: Temperature) -> LibraryJSON {
    let sixteenths = temperature.sixteenths
    let magnitude = abs(sixteenths)
    var fraction = String(magnitude % 16 * 625)
    while fraction.count < 4 { fraction = "0" + fraction }
    while fraction.count > 1, fraction.hasSuffix("0") { fraction.removeLast() }
    return .decimal("\(sixteenths < 0 ? "-" : "")\(magnitude / 16).\(fraction)")
  }
}
