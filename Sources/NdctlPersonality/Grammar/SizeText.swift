/// A size as ndctl reads it: strtoull(3) with any base, and at most one of k, m, g, t in either case, powers of 1024.
struct SizeText: Hashable {
  let bytes: UInt64
  /// The factor of the suffix; 1 without one.
  let unit: UInt64

  /// Reads `16M`, `0x1000`, `123`; nil for anything else, and for what does not fit in 64 bits.
  init?(_ text: String) {
    var rest = Substring(text).drop { $0 == " " || $0 == "\t" }
    if rest.first == "+" { rest = rest.dropFirst() }
    let (radix, digits) = Self.number(rest)
    let value = digits.isEmpty ? 0 : UInt64(digits, radix: radix)
    // strtoull reads nothing, and leaves all of it.
    guard let value, value != .max else { return nil }
    var tail = digits.isEmpty ? Substring(text) : rest[digits.endIndex...]
    let factor: UInt64 =
      switch tail.first {
      case "k", "K": 1 << 10
      case "m", "M": 1 << 20
      case "g", "G": 1 << 30
      case "t", "T": 1 << 40
      default: 1
      }
    if factor != 1 { tail = tail.dropFirst() }
    let (product, overflows) = value.multipliedReportingOverflow(by: factor)
    guard tail.isEmpty, !overflows else { return nil }
    bytes = product
    unit = factor
  }

  /// The digits that strtoull(3) takes with base 0, and their base.
  private static func number(_ text: Substring) -> (radix: Int, digits: Substring) {
    let lower = text.lowercased()
    if lower.hasPrefix("0x") {
      let digits = text.dropFirst(2).prefix { $0.isHexDigit && $0.isASCII }
      if !digits.isEmpty { return (16, digits) }
    }
    if text.first == "0" { return (8, text.prefix { ("0"..."7").contains($0) }) }
    return (10, text.prefix { ("0"..."9").contains($0) })
  }
}
