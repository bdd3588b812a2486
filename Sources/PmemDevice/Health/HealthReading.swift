/// What came of asking a DIMM for its health. Why there is none is never mistaken for being well.
public enum HealthReading: Hashable, Sendable {
  case reported(DimmHealth)
  /// The DIMM, its bus or libndctl has no health command: QEMU's NVDIMMs, e820.
  case notSupported
  /// Only root may open /dev/nmemN.
  case notPermitted
  /// The command failed; with the reason.
  case failed(String)

  /// What the DIMM reports, if it reported anything.
  public var health: DimmHealth? { if case .reported(let health) = self { health } else { nil } }
}
