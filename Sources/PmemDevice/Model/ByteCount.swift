/// A number of bytes: the only form in which a size travels between layers.
///
/// Text is read as util-linux reads it: `16G`, `16GiB` and `16g` are powers of 1024, `16GB` is a power of 1000, no unit
/// means bytes. A fraction is allowed if it makes a whole number of bytes (`1.5GiB`).
public struct ByteCount: RawRepresentable, Hashable, Comparable, Sendable {
  /// The number of bytes.
  public var rawValue: UInt64

  public init(rawValue: UInt64) { self.rawValue = rawValue }

  public init(_ value: UInt64) { rawValue = value }

  public static let zero = ByteCount(0)

  /// Units of 1024 bytes; the count must fit 54 bits.
  public static func kibibytes(_ count: UInt64) -> ByteCount { ByteCount(count << 10) }

  /// Units of 1024 * 1024 bytes; the count must fit 44 bits.
  public static func mebibytes(_ count: UInt64) -> ByteCount { ByteCount(count << 20) }

  /// Units of 1024 * 1024 * 1024 bytes; the count must fit 34 bits.
  public static func gibibytes(_ count: UInt64) -> ByteCount { ByteCount(count << 30) }

  public static func < (left: ByteCount, right: ByteCount) -> Bool { left.rawValue < right.rawValue }

  /// Rounds down to a multiple of `unit`, which must not be zero.
  public func roundedDown(to unit: UInt64) -> ByteCount { ByteCount(rawValue - rawValue % unit) }

  /// Rounds up to a multiple of `unit`; nil if that does not fit 64 bits.
  public func roundedUp(to unit: UInt64) -> ByteCount? {
    let remainder = rawValue % unit
    guard remainder != 0 else { return self }
    let (sum, overflow) = rawValue.addingReportingOverflow(unit - remainder)
    return overflow ? nil : ByteCount(sum)
  }

  /// Whether it is a whole number of units, which must not be 0.
  public func isMultiple(of unit: UInt64) -> Bool { rawValue % unit == 0 }
}

/// Why a text is not a size, in words that complete "`TEXT` ...".
public enum SizeSyntaxError: Error, Hashable, Sendable, CustomStringConvertible {
  case empty
  case negative
  case unknownUnit(String)
  case notANumber
  case tooLarge
  case notWholeBytes
  case percentOutOfRange

  public var description: String {
    switch self {
    case .empty: "is empty"
    case .negative: "is negative"
    case .unknownUnit(let unit):
      "has an unknown unit \"\(unit)\": use K, M, G or T (powers of 1024), or KB, MB, GB, TB (powers of 1000)"
    case .notANumber: "is not a number with an optional unit, such as 16GiB"
    case .tooLarge: "is larger than any device (it does not fit 64 bits)"
    case .notWholeBytes: "is not a whole number of bytes"
    case .percentOutOfRange: "is not between 1% and 100%"
    }
  }
}

extension ByteCount {
  private static let units: [String: UInt64] = {
    var units: [String: UInt64] = ["": 1, "b": 1]
    for (index, letter) in ["k", "m", "g", "t", "p"].enumerated() {
      let binary = UInt64(1) << UInt64(10 * (index + 1))
      units[letter] = binary
      units[letter + "ib"] = binary
      units[letter + "b"] = (0...index).reduce(UInt64(1)) { product, _ in product * 1000 }
    }
    return units
  }()

  /// Parses a size as described above, or throws the reason why it is none.
  public init(parsing text: String) throws(SizeSyntaxError) {
    guard !text.isEmpty else { throw .empty }
    guard !text.hasPrefix("-") else { throw .negative }
    let number = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    guard !number.isEmpty else { throw .notANumber }
    let suffix = text[number.endIndex...].drop { $0 == " " }
    guard let unit = Self.units[suffix.lowercased()] else { throw .unknownUnit(String(suffix)) }
    let parts = number.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count <= 2, parts.allSatisfy({ !$0.isEmpty }) else { throw .notANumber }

    guard let whole = UInt64(parts[0]) else { throw .tooLarge }
    let (bytes, overflow) = whole.multipliedReportingOverflow(by: unit)
    guard !overflow else { throw .tooLarge }
    rawValue = bytes
    guard parts.count == 2 else { return }

    var fraction = parts[1]
    while fraction.last == "0" { fraction.removeLast() }
    guard fraction.count <= 18 else { throw .notWholeBytes }
    let scale = fraction.reduce(UInt64(1)) { product, _ in product * 10 }
    let product = (UInt64(fraction) ?? 0).multipliedFullWidth(by: unit)
    guard product.high < scale else { throw .tooLarge }
    let (quotient, remainder) = scale.dividingFullWidth(product)
    guard remainder == 0 else { throw .notWholeBytes }
    let (sum, carried) = bytes.addingReportingOverflow(quotient)
    guard !carried else { throw .tooLarge }
    rawValue = sum
  }
}

extension ByteCount: CustomStringConvertible {
  private static let names = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB"]

  /// The size for a person: exact if four digits suffice (`512 MiB`), otherwise with two decimals (`126.85 MiB`). Use
  /// ``argument`` for text that will be typed again.
  public var description: String {
    var exponent = 0
    while exponent < 5, rawValue >> UInt64(10 * (exponent + 1)) != 0 { exponent += 1 }
    if exponent > 0 {
      let smaller = UInt64(10 * (exponent - 1))
      let count = rawValue >> smaller
      if rawValue & ((1 << smaller) - 1) == 0, count < 10_000, count % 1024 != 0, count % 256 != 0 {
        return "\(count) \(Self.names[exponent - 1])"
      }
    }
    let shift = UInt64(10 * exponent)
    let whole = rawValue >> shift
    let rest = rawValue & ((1 << shift) - 1)
    guard rest != 0 else { return rawValue == 1 ? "1 byte" : "\(whole) \(Self.names[exponent])" }
    let hundredths = ((rest >> (shift - 10)) * 100) >> 10
    let padded = hundredths < 10 ? "0\(hundredths)" : "\(hundredths)"
    return "\(whole).\(padded) \(Self.names[exponent])"
  }

  /// The exact size, as the command line accepts it: `512MiB`, or the bytes if no unit divides it.
  public var argument: String {
    for exponent in stride(from: 4, through: 1, by: -1) {
      let unit = UInt64(1) << UInt64(10 * exponent)
      if rawValue != 0, rawValue % unit == 0 { return "\(rawValue / unit)\(Self.names[exponent])" }
    }
    return "\(rawValue)"
  }

  /// ``description``, followed by the bytes if the description is rounded.
  public var exact: String {
    let short = description
    let typed = short.filter { $0 != " " }
    guard typed.hasSuffix("B"), (try? ByteCount(parsing: typed)) != self else { return short }
    return "\(short) (\(rawValue) bytes)"
  }
}
