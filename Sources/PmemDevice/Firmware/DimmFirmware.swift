/// The firmware of a DIMM (Intel's family: ndctl/lib/intel.c, drivers/acpi/nfit/intel.c).
public struct DimmFirmware: Hashable, Sendable {
  /// Whether it takes part in the next activation (drivers/nvdimm/dimm_devs.c:activate_show).
  public enum Activation: String, CaseIterable, Hashable, Sendable {
    case idle
    case armed
    case busy
  }

  /// The result of the last activation (dimm_devs.c:result_show).
  public enum Result: String, CaseIterable, Hashable, Sendable {
    case none
    case success
    /// It was armed, and had no image.
    case notStaged = "not_staged"
    /// The image is activated by the next power cycle only.
    case needReset = "need_reset"
    case fail
  }

  /// As the DIMM counts; there is no order in it that all vendors keep.
  public var running: UInt64
  /// What it runs after the next activation, or the next power cycle; nil if nothing is staged.
  public var staged: UInt64?
  /// Bytes that an image may have; nil if the DIMM does not tell.
  public var storage: UInt64?
  /// nil if it cannot be activated while the machine runs.
  public var activation: Activation?
  public var result: Result?

  public init(
    running: UInt64, staged: UInt64? = nil, storage: UInt64? = nil, activation: Activation? = nil,
    result: Result? = nil
  ) {
    self.running = running
    self.staged = staged
    self.storage = storage
    self.activation = activation
    self.result = result
  }
}

/// The result of reading a DIMM's firmware.
public enum FirmwareReading: Hashable, Sendable {
  case reported(DimmFirmware)
  /// The DIMM or libndctl has no commands for it: QEMU's NVDIMMs.
  case notSupported
  /// Only root may open /dev/nmemN.
  case notPermitted
  /// The command failed; with the reason.
  case failed(String)

  public var firmware: DimmFirmware? { if case .reported(let firmware) = self { firmware } else { nil } }
}
