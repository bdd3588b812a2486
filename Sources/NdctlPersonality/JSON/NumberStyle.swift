/// How sizes and identifiers are printed: as numbers, or with `--human` as text.
struct NumberStyle: Hashable, Sendable {
  let isHuman: Bool

  static let plain = NumberStyle(isHuman: false)

  /// A size. Human: the bare number below 5000 KiB, then two units with two decimals.
  func size(_ bytes: UInt64) -> LibraryJSON {
    guard isHuman, bytes >= 5000 << 10 else { return .unsigned(bytes) }
    let (binary, decimal, letter): (UInt64, UInt64, String) =
      if bytes < 2 << 30 { (1 << 20, 1_000_000, "M") } else if bytes < 2 << 40 {
        (1 << 30, 1_000_000_000, "G")
      } else {
        (1 << 40, 1_000_000_000_000, "T")
      }
    let inBinary = Self.hundredths(bytes.multipliedFullWidth(by: 200), binary)
    let inDecimal = (bytes / (decimal / 200) + 1) / 2
    return .text("\(Self.text(inBinary)) \(letter)iB (\(Self.text(inDecimal)) \(letter)B)")
  }

  /// An identifier or an address. Human: hexadecimal text, `0` for zero.
  func identifier(_ value: UInt64) -> LibraryJSON {
    guard isHuman else { return .unsigned(value) }
    return .text(value == 0 ? "0" : "0x" + String(value, radix: 16))
  }

  /// Hundredths of a unit, rounded.
  private static func hundredths(_ product: (high: UInt64, low: UInt64), _ unit: UInt64) -> UInt64 {
    (unit.dividingFullWidth(product).quotient + 1) / 2
  }

  private static func text(_ hundredths: UInt64) -> String {
    let rest = hundredths % 100
    return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
  }
}
