import PmemDevice
import PmemOutput

extension DimmHealth {
  /// ndctl's keys in their order, but temperatures, which ndctl gives as fractions of a degree: `_millicelsius` are integers.
  /// A value that the DIMM does not offer has no key.
  var json: JSONObject {
    var object = JSONObject()
    object.add("health_state", state?.rawValue)
    object.add("temperature_millicelsius", mediaTemperature?.millicelsius)
    object.add("controller_temperature_millicelsius", controllerTemperature?.millicelsius)
    object.add("spares_percentage", spares)
    object.add("alarm_temperature", self[.mediaTemperature].isRaised)
    object.add("alarm_controller_temperature", self[.controllerTemperature].isRaised)
    object.add("alarm_spares", self[.spares].isRaised)
    object.add("alarm_enabled_media_temperature", self[.mediaTemperature].isWatched)
    object.add("temperature_threshold_millicelsius", mediaTemperatureThreshold?.millicelsius)
    object.add("alarm_enabled_ctrl_temperature", self[.controllerTemperature].isWatched)
    object.add("controller_temperature_threshold_millicelsius", controllerTemperatureThreshold?.millicelsius)
    object.add("alarm_enabled_spares", self[.spares].isWatched)
    object.add("spares_threshold", sparesThreshold)
    object.add("life_used_percentage", lifeUsed)
    object.add("shutdown_state", isShutdownDirty.map { $0 ? "dirty" : "clean" })
    object.add("shutdown_count", dirtyShutdowns)
    return object
  }
}

extension HealthVerdict {
  /// Keys: `verdict`, `reasons` [{`level`, `text`}].
  func add(to object: inout JSONObject) {
    object.add("verdict", level.rawValue)
    object.add(
      "reasons",
      reasons.map { reason in
        var item = JSONObject()
        item.add("level", reason.level.rawValue)
        item.add("text", reason.text)
        return .object(item)
      })
  }
}
