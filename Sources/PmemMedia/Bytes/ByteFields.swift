/// Little-endian fields of an on-media structure, read and written by offset.
///
/// A structure is a fixed block, as its specification draws it; reading past the end gives zeros and writing
/// past it does nothing, so that a decoder is total whatever it is given.
public struct ByteFields: Hashable, Sendable {
  /// The whole structure, as on the media.
  public var bytes: [UInt8]

  public init(count: Int) { bytes = [UInt8](repeating: 0, count: count) }

  public init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// Reads `width` bytes (1 to 8) at `offset`.
  public func integer(at offset: Int, width: Int) -> UInt64 {
    guard offset >= 0, offset + width <= bytes.count else { return 0 }
    return (0..<width).reduce(0) { $0 | UInt64(bytes[offset + $1]) << UInt64(8 * $1) }
  }

  /// The 16 bits at an offset.
  public func u16(_ offset: Int) -> UInt16 { UInt16(integer(at: offset, width: 2)) }
  /// The 32 bits at an offset.
  public func u32(_ offset: Int) -> UInt32 { UInt32(integer(at: offset, width: 4)) }
  /// The 64 bits at an offset.
  public func u64(_ offset: Int) -> UInt64 { integer(at: offset, width: 8) }

  /// `count` bytes from an offset on; zeros behind the end.
  public func slice(_ offset: Int, _ count: Int) -> [UInt8] {
    guard offset >= 0, offset + count <= bytes.count else { return [UInt8](repeating: 0, count: count) }
    return Array(bytes[offset..<offset + count])
  }

  /// Writes the low `width` bytes of `value` at `offset`.
  public mutating func set(_ value: some FixedWidthInteger, at offset: Int, width: Int) {
    let wide = UInt64(truncatingIfNeeded: value)
    set((0..<width).map { UInt8(truncatingIfNeeded: wide >> UInt64(8 * $0)) }, at: offset)
  }

  /// Writes bytes at an offset; what would lie behind the end is dropped.
  public mutating func set(_ value: [UInt8], at offset: Int) {
    guard offset >= 0, offset + value.count <= bytes.count else { return }
    bytes.replaceSubrange(offset..<offset + value.count, with: value)
  }

  /// Fletcher64 of all bytes with the eight at `offset` read as zero.
  public func checksum(excluding offset: Int) -> UInt64 {
    var copy = self
    copy.set(UInt64(0), at: offset, width: 8)
    return fletcher64(copy.bytes)
  }
}

/// Why bytes are not the structure that they should be.
public enum MediaError: Error, Hashable, Sendable, CustomStringConvertible {
  /// Too few bytes.
  case truncated(need: Int, have: Int)
  /// Something else, or nothing, is there.
  case signature
  case checksum(stored: UInt64, computed: UInt64)
  case version(major: UInt16, minor: UInt16)
  /// A field has a value that it cannot have.
  case field(String, UInt64)

  public var description: String {
    switch self {
    case .truncated(let need, let have): "\(have) bytes are too few: \(need) are needed"
    case .signature: "the signature is not there"
    case .checksum(let stored, let computed):
      "the checksum is 0x\(String(stored, radix: 16)), but 0x\(String(computed, radix: 16)) was computed"
    case .version(let major, let minor): "version \(major).\(minor) is not known"
    case .field(let name, let value): "field \(name) cannot be \(value)"
    }
  }
}
