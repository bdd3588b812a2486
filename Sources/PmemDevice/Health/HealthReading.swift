/// The result of reading a DIMM's health. A failed reading is never taken for good health.
public enum HealthReading: Hashable, Sendable {
  case reported(DimmHealth)
  /// The DIMM, its bus or libndctl has no health command: QEMU's NVDIMMs, e820.
  case notSupported
  /// Only root may open /dev/nmemN.
  case notPermitted
  /// The command failed; with the reason.
  case failed(String)

  /// The DIMM's report, if there is one.
  public var health: DimmHealth? { if case .reported(let health) = self { health } else { nil } }
}
