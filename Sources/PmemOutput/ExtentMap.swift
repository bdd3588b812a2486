/// A bar drawn to scale: the parts of a range.
public struct ExtentMap {
  /// A part of the range. Parts are in order; gaps between them are not drawn as anything.
  public struct Part: Hashable, Sendable {
    /// In the unit of all parts.
    public var length: UInt64
    /// Free space is drawn with its own sign.
    public var isFree: Bool

    public init(length: UInt64, isFree: Bool) {
      self.length = length
      self.isFree = isFree
    }
  }

  private static let blocks: [Character] = ["█", "▓", "▒", "▚", "▌", "▞"]
  private static let letters: [Character] = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ")

  private let parts: [Part]
  private let style: Style

  /// Which signs it is drawn with.
  public enum Style: Sendable {
    /// Shades, told apart without colour.
    case blocks
    /// Letters and dots, for ASCII locales.
    case ascii
  }

  public init(_ parts: [Part], style: Style) {
    self.parts = parts
    self.style = style
  }

  /// The sign of each part, as the bar and its legend show it.
  public var signs: [Character] {
    var used = 0
    let palette = style == .blocks ? Self.blocks : Self.letters
    return parts.map { part in
      guard !part.isFree else { return style == .blocks ? "░" : "." }
      defer { used += 1 }
      return palette[used % palette.count]
    }
  }

  /// The bar, `width` characters wide. Every part has at least one if there are enough; if there are not, a character shows
  /// the part that has most of its share of the range.
  public func bar(width: Int) -> String {
    let total = parts.reduce(UInt64(0)) { $0 + $1.length }
    guard total > 0, width > 0 else { return "" }
    guard parts.count <= width else { return crowdedBar(width: width, total: total) }
    var cells = parts.map { part in
      Int((Double(part.length) / Double(total) * Double(width)).rounded())
    }
    cells = cells.map { max(1, $0) }
    // Rounding is made good on the widest part.
    while let widest = cells.indices.max(by: { cells[$0] < cells[$1] }), cells.reduce(0, +) != width {
      cells[widest] += cells.reduce(0, +) < width ? 1 : -1
    }
    return zip(signs, cells).map { String(repeating: $0, count: $1) }.joined()
  }

  private func crowdedBar(width: Int, total: UInt64) -> String {
    let signs = signs
    let share = Double(total) / Double(width)
    var text = ""
    var part = 0
    // The end of the present part.
    var end = Double(parts[0].length)
    for cell in 1...width {
      var (start, best) = (share * Double(cell - 1), (sign: signs[part], length: 0.0))
      while true {
        let length = min(end, share * Double(cell)) - start
        if length > best.length { best = (signs[part], length) }
        guard end < share * Double(cell), part + 1 < parts.count else { break }
        start = end
        part += 1
        end += Double(parts[part].length)
      }
      text.append(best.sign)
    }
    return text
  }
}
