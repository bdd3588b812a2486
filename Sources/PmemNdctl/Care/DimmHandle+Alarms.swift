import CNdctl
import Glibc
import PmemDevice

/// Thresholds and alarms. Setting them is to read, change and write: the library takes what is not changed from a command
/// that has read it (ndctl/lib/smart.c).
extension DimmHandle {
  /// How they are set; empty if they cannot be, or not by this user.
  var alarms: AlarmSettings {
    guard case .reported(let health) = health, health.thresholdsProblem == nil else { return AlarmSettings() }
    let settable = unsafe withThresholds { thresholds in
      guard let command = unsafe ndctl_dimm_cmd_new_smart_set_threshold(thresholds) else { return 0 }
      unsafe ndctl_cmd_unref(command)
      return 1
    }
    return settable == 1 ? AlarmSettings(of: health) : AlarmSettings()
  }

  /// - Returns: 0, or a negative error number.
  func setAlarms(_ settings: AlarmSettings) -> Int32 {
    unsafe withThresholds { thresholds in
      guard let command = unsafe ndctl_dimm_cmd_new_smart_set_threshold(thresholds) else {
        return -EOPNOTSUPP
      }
      defer { unsafe ndctl_cmd_unref(command) }
      var watched = unsafe ndctl_cmd_smart_threshold_get_alarm_control(thresholds)
      for kind in settings.kinds {
        let status = settings[kind].threshold.map { unsafe Self.set(kind, $0, in: command) } ?? 0
        guard status == 0 else { return status }
        guard let isWatched = settings[kind].isWatched, let bit = Self.trips[kind] else { continue }
        watched = isWatched ? watched | bit : watched & ~bit
      }
      let status = unsafe ndctl_cmd_smart_threshold_set_alarm_control(command, watched)
      guard status == 0 else { return status }
      return min(0, unsafe ndctl_cmd_submit_xlat(command))
    }
  }

  /// - Parameter body: Gets a command that has read the thresholds.
  /// - Returns: Its result, or a negative error number.
  private func withThresholds(_ body: (OpaquePointer) -> Int32) -> Int32 {
    guard let command = unsafe ndctl_dimm_cmd_new_smart_threshold(pointer) else { return -EOPNOTSUPP }
    defer { unsafe ndctl_cmd_unref(command) }
    let status = unsafe ndctl_cmd_submit_xlat(command)
    return status < 0 ? status : unsafe body(command)
  }

  private static func set(_ kind: DimmHealth.AlarmKind, _ threshold: Int, in command: OpaquePointer) -> Int32
  {
    let temperature = Temperature(sixteenths: threshold).smart
    return switch kind {
    case .spares: unsafe ndctl_cmd_smart_threshold_set_spares(command, UInt32(clamping: threshold))
    case .mediaTemperature: unsafe ndctl_cmd_smart_threshold_set_media_temperature(command, temperature)
    case .controllerTemperature: unsafe ndctl_cmd_smart_threshold_set_ctrl_temperature(command, temperature)
    }
  }
}
