/// Whether a bus can activate the firmware of its DIMMs while the machine runs (drivers/nvdimm/core.c:firmware_activate).
public struct FirmwareActivation: Hashable, Sendable {
  /// What happens to the rest of the machine meanwhile.
  public enum Method: String, CaseIterable, Hashable, Sendable {
    /// Nothing is stopped.
    case live
    /// All tasks and devices are frozen meanwhile, as for hibernation (`quiesce`).
    case suspend
  }

  /// drivers/acpi/nfit/intel.c:intel_bus_fwa_state.
  public enum State: String, CaseIterable, Hashable, Sendable {
    case idle
    /// At least one DIMM is armed.
    case armed
    /// The armed DIMMs together take longer than the platform permits.
    case overflow
    case busy
  }

  /// nil if only a power cycle activates firmware.
  public var method: Method?
  public var state: State?

  public init(method: Method?, state: State? = nil) {
    self.method = method
    self.state = state
  }

  public static let none = FirmwareActivation(method: nil)
}
