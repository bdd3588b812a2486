import CNdctl
import Glibc
import PmemDevice

/// Scrubs and activation of firmware, by attributes of sysfs.
extension BusHandle {
  var scrub: BusScrub {
    // Read by root, the attribute has the kernel ask the platform within a second (acpi/nfit/core.c:scrub_show).
    let state = unsafe ndctl_bus_get_scrub_state(pointer)
    guard state >= 0 else { return .none }
    let count = unsafe ndctl_bus_get_scrub_count(pointer)
    return BusScrub(state: state == 0 ? .idle : .active, completed: count == .max ? 0 : Int(count))
  }

  func startScrub() -> Int32 { unsafe ndctl_bus_start_scrub(pointer) }

  var hasErrorInjection: Bool { unsafe ndctl_bus_has_error_injection(pointer) != 0 }

  var activation: FirmwareActivation {
    let method: FirmwareActivation.Method? =
      switch unsafe ndctl_bus_get_fw_activate_method(pointer) {
      case NDCTL_FWA_METHOD_SUSPEND: .suspend
      case NDCTL_FWA_METHOD_LIVE: .live
      default: nil
      }
    let state: FirmwareActivation.State? =
      switch unsafe ndctl_bus_get_fw_activate_state(pointer) {
      case NDCTL_FWA_IDLE: .idle
      case NDCTL_FWA_ARMED: .armed
      case NDCTL_FWA_BUSY: .busy
      case NDCTL_FWA_ARM_OVERFLOW: .overflow
      default: nil
      }
    return FirmwareActivation(method: method, state: state)
  }

  func activateFirmware(_ method: FirmwareActivation.Method) -> Int32 {
    let wanted =
      switch method {
      case .live: NDCTL_FWA_METHOD_LIVE
      case .suspend: NDCTL_FWA_METHOD_SUSPEND
      }
    return unsafe ndctl_bus_activate_firmware(pointer, wanted)
  }
}
