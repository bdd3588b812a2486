/// A bar drawn to scale that shows how much of each part of a range is used: `··▁▄██··`.
public struct HeatBar {
  /// A used piece of the range.
  public struct Piece: Hashable, Sendable {
    /// From the range's start, in the range's unit.
    public var offset: UInt64
    /// In the range's unit.
    public var length: UInt64
    /// Drawn in another colour if there are colours, and as `!` if it stands out anyhow.
    public var isAlarming: Bool

    public init(offset: UInt64, length: UInt64, isAlarming: Bool) {
      self.offset = offset
      self.length = length
      self.isAlarming = isAlarming
    }
  }

  private static let blocks: [Character] = ["·", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"]
  private static let letters: [Character] = [".", "-", "-", "+", "+", "*", "*", "#", "#"]

  private let size: UInt64
  private let pieces: [Piece]

  /// - Parameters:
  ///   - size: Of the whole range, bytes.
  ///   - pieces: Sorted, not overlapping.
  public init(size: UInt64, pieces: [Piece]) {
    self.size = size
    self.pieces = pieces
  }

  /// The bar, `width` characters wide. A used part is never drawn as empty.
  public func text(width: Int, terminal: Terminal) -> String {
    guard size > 0, width > 0 else { return "" }
    let palette = terminal.isUnicode ? Self.blocks : Self.letters
    var text = ""
    var rest = pieces[...]
    for cell in 0..<width {
      let start = Self.share(size, cell, width)
      let end = Self.share(size, cell + 1, width)
      while let first = rest.first, first.offset + first.length <= start { rest = rest.dropFirst() }
      var taken: UInt64 = 0
      var isAlarming = false
      for piece in rest {
        guard piece.offset < max(end, start + 1) else { break }
        taken += min(end, piece.offset + piece.length) - min(end, max(start, piece.offset))
        if piece.offset + piece.length > start { isAlarming = isAlarming || piece.isAlarming }
      }
      let isTouched =
        taken > 0 || rest.first.map { $0.offset <= start && start < $0.offset + $0.length } ?? false
      let level = isTouched ? max(1, Int(Double(taken) / Double(max(1, end - start)) * 8)) : 0
      let sign = isAlarming ? "!" : palette[min(8, level)]
      text +=
        terminal.hasColors && level > 0 ? "\u{1b}[\(isAlarming ? 31 : 33)m\(sign)\u{1b}[0m" : String(sign)
    }
    return text
  }

  /// The start of cell `index` of `count`, without overflow.
  private static func share(_ size: UInt64, _ index: Int, _ count: Int) -> UInt64 {
    let (whole, rest) = (size / UInt64(count), size % UInt64(count))
    return whole * UInt64(index) + rest * UInt64(index) / UInt64(count)
  }
}
