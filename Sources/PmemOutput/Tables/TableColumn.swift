/// A column's value for a row.
public enum TableCell: Hashable, Sendable {
  /// Nothing to show: `-`.
  case none
  case text(String)
  case number(Int64)
  /// A number with its form for people: bytes, of which `--bytes` shows the number.
  case amount(UInt64, String)

  /// As it is printed.
  ///
  /// - Parameter isExact: Whether amounts are numbers.
  /// - Returns: `-` for nothing to show.
  public func text(isExact: Bool) -> String {
    switch self {
    case .none: "-"
    case .text(let text): text.isEmpty ? "-" : text
    case .number(let number): "\(number)"
    case .amount(let number, let text): isExact ? "\(number)" : text
    }
  }

  /// Numbers by their size, texts with the numbers in them by theirs, nothing first.
  public func isBefore(_ other: TableCell) -> Bool {
    switch (self, other) {
    case (.none, .none): false
    case (.none, _): true
    case (_, .none): false
    case (.number(let left), .number(let right)): left < right
    case (.amount(let left, _), .amount(let right, _)): left < right
    default:
      Self.natural(text(isExact: true)).lexicographicallyPrecedes(
        Self.natural(other.text(isExact: true)), by: <)
    }
  }

  /// A part of a text: `namespace0.10` is behind `namespace0.9`.
  private enum Part: Comparable {
    case number(UInt64)
    case other(UInt8)
  }

  private static func natural(_ text: String) -> [Part] {
    var parts: [Part] = []
    for byte in text.utf8 {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else {
        parts.append(.other(byte))
        continue
      }
      let digit = UInt64(byte - UInt8(ascii: "0"))
      if case .number(let number) = parts.last, number < UInt64.max / 10 - 1 {
        parts[parts.count - 1] = .number(number * 10 + digit)
      } else {
        parts.append(.number(digit))
      }
    }
    return parts
  }
}

/// A column of the lists of one kind of row, as `-o` and `--sort` name it.
public struct TableColumn<Row>: Sendable {
  /// In lower case, words joined by `-`; in upper case it is the heading.
  public let name: String
  public let alignment: Table.Alignment
  /// See ``Table/Column/rank``.
  public let rank: Int
  /// Whether it is shown if none is named.
  public let isUsual: Bool
  public let isShortenable: Bool
  /// Whether it is left out if no row has anything to show in it, unless it was asked for.
  public let isSparse: Bool
  public let cell: @Sendable (Row) -> TableCell

  /// - Parameters:
  ///   - name: As `-o` takes it.
  ///   - alignment: Numbers are right-aligned.
  ///   - rank: 0 if it is never left out.
  ///   - isUsual: Whether it is shown if none is named.
  ///   - isShortenable: Whether cells may lose their middle.
  ///   - isSparse: Whether it is left out if it has nothing to show.
  ///   - cell: Its value for a row.
  public init(
    _ name: String, _ alignment: Table.Alignment = .left, rank: Int = 0, isUsual: Bool = true,
    isShortenable: Bool = false, isSparse: Bool = false, cell: @escaping @Sendable (Row) -> TableCell
  ) {
    self.name = name
    self.alignment = alignment
    self.rank = rank
    self.isUsual = isUsual
    self.isShortenable = isShortenable
    self.isSparse = isSparse
    self.cell = cell
  }

  /// For a table.
  public var column: Table.Column {
    Table.Column(name.uppercased(), alignment, rank: rank, isShortenable: isShortenable)
  }
}
