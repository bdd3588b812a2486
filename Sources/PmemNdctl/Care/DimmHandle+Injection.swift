import CNdctl
import Glibc
import PmemDevice

/// Injected health, by a command of Intel's family.
extension DimmHandle {
  /// The library's mask names what some family supports: what it has no function for, it refuses when a command is made.
  var injectableHealth: Set<HealthInjection.Kind> {
    guard unsafe ndctl_dimm_smart_inject_supported(pointer) > 0,
      let command = unsafe ndctl_dimm_cmd_new_smart_inject(pointer)
    else { return [] }
    defer { unsafe ndctl_cmd_unref(command) }
    return Set(
      HealthInjection.Kind.allCases.filter { unsafe Self.set(HealthInjection($0, nil), in: command) == 0 })
  }

  func inject(_ injection: HealthInjection) -> Int32 {
    guard let command = unsafe ndctl_dimm_cmd_new_smart_inject(pointer) else { return -EOPNOTSUPP }
    defer { unsafe ndctl_cmd_unref(command) }
    let status = unsafe Self.set(injection, in: command)
    guard status == 0 else { return status }
    return unsafe ndctl_cmd_submit_xlat(command)
  }
  /// - Returns: 0, or a negative error number if the family has no such injection.
  private static func set(_ injection: HealthInjection, in command: OpaquePointer) -> Int32 {
    let isEnabled = injection.value != nil
    let value = injection.value ?? 0
    let temperature = Temperature(sixteenths: value).smart
    return switch injection.kind {
    case .mediaTemperature: unsafe ndctl_cmd_smart_inject_media_temperature(command, isEnabled, temperature)
    case .controllerTemperature:
      unsafe ndctl_cmd_smart_inject_ctrl_temperature(command, isEnabled, temperature)
    case .spares: unsafe ndctl_cmd_smart_inject_spares(command, isEnabled, UInt32(clamping: value))
    case .fatal: unsafe ndctl_cmd_smart_inject_fatal(command, isEnabled)
    case .dirtyShutdown: unsafe ndctl_cmd_smart_inject_unsafe_shutdown(command, isEnabled)
    }
  }
}
