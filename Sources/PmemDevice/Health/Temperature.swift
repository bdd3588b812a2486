/// A temperature, exact to what SMART has: sixteenths of a degree Celsius.
public struct Temperature: Hashable, Comparable, Sendable {
  /// Of a degree Celsius; negative below zero.
  public let sixteenths: Int

  public init(sixteenths: Int) { self.sixteenths = sixteenths }

  public init(celsius: Int) { sixteenths = celsius * 16 }

  /// Decodes a field of SMART: bit 15 is the sign, the others are the magnitude in sixteenths of a degree (Intel DSM
  /// Interface 1.8, 4.2; libndctl: ndctl_decode_smart_temperature).
  ///
  /// - Parameter raw: The field; nil is returned for what no DIMM can have: NVDIMM-N without a sensor report 255 °C, and
  ///   all bits set are libndctl's "not valid".
  public init?(smart raw: UInt32) {
    guard raw <= UInt32(UInt16.max) else { return nil }
    let magnitude = Int(raw & 0x7fff)
    guard magnitude < 255 * 16 else { return nil }
    sixteenths = raw & 0x8000 == 0 ? magnitude : -magnitude
  }

  /// The field of SMART that ``init(smart:)`` decodes.
  public var smart: UInt32 { UInt32(min(abs(sixteenths), 0x7fff)) | (sixteenths < 0 ? 0x8000 : 0) }

  /// Rounded to the nearest thousandth of a degree.
  public var millicelsius: Int { (sixteenths * 1000 + (sixteenths < 0 ? -8 : 8)) / 16 }

  public static func < (left: Temperature, right: Temperature) -> Bool { left.sixteenths < right.sixteenths }
}

extension Temperature: CustomStringConvertible {
  /// `23.0 °C`, rounded to a tenth.
  public var description: String {
    let tenths = (abs(sixteenths) * 10 + 8) / 16
    return "\(sixteenths < 0 && tenths > 0 ? "-" : "")\(tenths / 10).\(tenths % 10) °C"
  }
}
