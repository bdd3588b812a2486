/// One primitive change of a DIMM's firmware.
public enum FirmwareOperation: Hashable, Sendable {
  /// Abandon an update that another program began and left.
  case abandonUpdate
  /// Send an image, have the DIMM verify it, and wait until it has. If any part fails, the update is abandoned.
  case stage([UInt8])
  /// Take part in the next activation of the bus, or no longer.
  case arm
  case disarm

  public var name: String {
    switch self {
    case .abandonUpdate: "abandon-update"
    case .stage: "stage-firmware"
    case .arm: "arm-firmware"
    case .disarm: "disarm-firmware"
    }
  }

  /// `stage 1 MiB of firmware on nmem0`.
  public func words(_ dimm: String) -> String {
    switch self {
    case .abandonUpdate: "abandon the open firmware update of \(dimm)"
    case .stage(let image): "stage \(ByteCount(UInt64(image.count))) of firmware on \(dimm)"
    case .arm: "arm \(dimm) for activation"
    case .disarm: "disarm \(dimm)"
    }
  }
}
