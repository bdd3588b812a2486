/// A UUID in the byte order of libuuid, sysfs and the media (RFC 4122, most significant byte first).
public struct DeviceUUID: Hashable, Sendable {
  /// Always 16 bytes.
  public let bytes: [UInt8]

  /// Takes 16 bytes; nil for any other count.
  public init?(bytes: [UInt8]) {
    guard bytes.count == 16 else { return nil }
    self.bytes = bytes
  }

  /// Reads the 8-4-4-4-12 form in either case.
  public init?(_ text: String) {
    let groups = text.split(separator: "-", omittingEmptySubsequences: false)
    guard groups.map(\.count) == [8, 4, 4, 4, 12] else { return nil }
    let digits = Array(groups.joined().utf8)
    guard digits.count == 32 else { return nil }
    var bytes: [UInt8] = []
    for index in stride(from: 0, to: 32, by: 2) {
      guard let high = Self.nibble(digits[index]), let low = Self.nibble(digits[index + 1]) else {
        return nil
      }
      bytes.append(high << 4 | low)
    }
    self.bytes = bytes
  }

  private static func nibble(_ digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
    default: nil
    }
  }

  /// A random (version 4) UUID drawn from `generator`.
  public static func random(using generator: inout some RandomNumberGenerator) -> DeviceUUID {
    var bytes = (0..<16).map { _ in UInt8.random(in: 0...255, using: &generator) }
    bytes[6] = bytes[6] & 0x0f | 0x40
    bytes[8] = bytes[8] & 0x3f | 0x80
    return DeviceUUID(sixteen: bytes)
  }

  /// Of version 4, from the kernel's random numbers.
  public static func random() -> DeviceUUID {
    var generator = SystemRandomNumberGenerator()
    return random(using: &generator)
  }

  public static let null = DeviceUUID(sixteen: [UInt8](repeating: 0, count: 16))

  public var isNull: Bool { self == .null }

  private init(sixteen bytes: [UInt8]) { self.bytes = bytes }
}

extension DeviceUUID: CustomStringConvertible {
  public var description: String {
    let digits = Array("0123456789abcdef")
    var text = ""
    for (index, byte) in bytes.enumerated() {
      if [4, 6, 8, 10].contains(index) { text.append("-") }
      text.append(digits[Int(byte >> 4)])
      text.append(digits[Int(byte & 15)])
    }
    return text
  }
}
