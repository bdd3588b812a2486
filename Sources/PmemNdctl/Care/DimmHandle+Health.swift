import CNdctl
import Glibc
import PmemDevice

/// SMART, by the commands of the DIMM's family. A command is an ioctl on /dev/nmemN, which only root may open.
extension DimmHandle {
  var health: HealthReading {
    // NULL also if the family's mask of functions (nfit/dsm_mask) has none for it.
    guard let smart = unsafe ndctl_dimm_cmd_new_smart(pointer) else { return .notSupported }
    defer { unsafe ndctl_cmd_unref(smart) }
    let status = unsafe ndctl_cmd_submit_xlat(smart)
    guard status >= 0 else { return Self.refusal(-status) }
    var health = unsafe Self.health(smart)
    if let thresholds = unsafe ndctl_dimm_cmd_new_smart_threshold(pointer) {
      defer { unsafe ndctl_cmd_unref(thresholds) }
      let status = unsafe ndctl_cmd_submit_xlat(thresholds)
      if status >= 0 {
        unsafe Self.add(thresholds: thresholds, to: &health)
      } else {
        health.thresholdsProblem = NdctlContext.text(-status)
      }
    }
    return .reported(health)
  }

  private static func refusal(_ error: Int32) -> HealthReading {
    switch error {
    case EACCES, EPERM: .notPermitted
    case ENOTTY, EOPNOTSUPP: .notSupported
    default: .failed(NdctlContext.text(error))
    }
  }

  private static func health(_ smart: OpaquePointer) -> DimmHealth {
    var health = DimmHealth()
    let valid = Int32(bitPattern: unsafe ndctl_cmd_smart_get_flags(smart))
    func has(_ flag: Int32) -> Bool { valid != -1 && valid & flag != 0 }
    if has(ND_SMART_HEALTH_VALID) { health.state = state(unsafe ndctl_cmd_smart_get_health(smart)) }
    if has(ND_SMART_SPARES_VALID) { health.spares = percent(unsafe ndctl_cmd_smart_get_spares(smart)) }
    if has(ND_SMART_USED_VALID) { health.lifeUsed = percent(unsafe ndctl_cmd_smart_get_life_used(smart)) }
    if has(ND_SMART_MTEMP_VALID) {
      health.mediaTemperature = Temperature(smart: unsafe ndctl_cmd_smart_get_media_temperature(smart))
    }
    if has(ND_SMART_CTEMP_VALID) {
      health.controllerTemperature = Temperature(smart: unsafe ndctl_cmd_smart_get_ctrl_temperature(smart))
    }
    if has(ND_SMART_SHUTDOWN_COUNT_VALID) {
      let count = unsafe ndctl_cmd_smart_get_shutdown_count(smart)
      health.dirtyShutdowns = count == .max ? nil : UInt64(count)
    }
    if has(ND_SMART_SHUTDOWN_VALID) {
      let dirty = unsafe ndctl_cmd_smart_get_shutdown_state(smart)
      health.isShutdownDirty = dirty == .max ? nil : dirty != 0
    }
    let raised = unsafe ndctl_cmd_smart_get_alarm_flags(smart)
    if has(ND_SMART_ALARM_VALID), raised != .max {
      for (kind, bit) in trips { health[kind].isRaised = raised & bit != 0 }
    }
    return health
  }

  private static func add(thresholds: OpaquePointer, to health: inout DimmHealth) {
    let watched = unsafe ndctl_cmd_smart_threshold_get_alarm_control(thresholds)
    if watched != .max {
      for (kind, bit) in trips { health[kind].isWatched = watched & bit != 0 }
    }
    // A threshold for what the DIMM does not measure means nothing.
    if health.mediaTemperature != nil {
      health.mediaTemperatureThreshold = Temperature(
        smart: unsafe ndctl_cmd_smart_threshold_get_media_temperature(thresholds))
    }
    if health.controllerTemperature != nil {
      health.controllerTemperatureThreshold = Temperature(
        smart: unsafe ndctl_cmd_smart_threshold_get_ctrl_temperature(thresholds))
    }
    if health.spares != nil {
      health.sparesThreshold = percent(unsafe ndctl_cmd_smart_threshold_get_spares(thresholds))
    }
  }

  static let trips: [DimmHealth.AlarmKind: UInt32] = [
    .spares: UInt32(ND_SMART_SPARE_TRIP), .mediaTemperature: UInt32(ND_SMART_MTEMP_TRIP),
    .controllerTemperature: UInt32(ND_SMART_CTEMP_TRIP),
  ]

  /// The gravest of several bits; none is "ok".
  private static func state(_ bits: UInt32) -> DimmHealth.State? {
    guard bits != .max else { return nil }
    if bits & UInt32(ND_SMART_FATAL_HEALTH) != 0 { return .fatal }
    if bits & UInt32(ND_SMART_CRITICAL_HEALTH) != 0 { return .critical }
    return bits & UInt32(ND_SMART_NON_CRITICAL_HEALTH) != 0 ? .nonCritical : .ok
  }

  /// nil for a value that is no percentage: 255 and the library's all bits set mean "unknown".
  private static func percent(_ value: UInt32) -> Int? { value <= 100 ? Int(value) : nil }
}
