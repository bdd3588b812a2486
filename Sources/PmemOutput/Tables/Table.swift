/// Columns of text, aligned, without trailing blanks, as wide as is wanted at most.
public struct Table {
  /// Numbers are aligned right, all else left.
  public enum Alignment: Sendable {
    case left, right
  }

  /// A column, and how it yields if not all fit.
  public struct Column: Sendable {
    public var title: String
    public var alignment: Alignment
    /// Columns are dropped from the highest rank down; 0 never is.
    public var rank: Int
    /// Whether its cells may be shortened in the middle, as names and paths may.
    public var isShortenable: Bool

    public init(_ title: String, _ alignment: Alignment = .left, rank: Int = 0, isShortenable: Bool = false) {
      self.title = title
      self.alignment = alignment
      self.rank = rank
      self.isShortenable = isShortenable
    }
  }

  private let columns: [Column]
  private let hasHeadings: Bool
  private var rows: [[String]] = []

  /// - Parameters:
  ///   - columns: Left to right.
  ///   - hasHeadings: Whether titles are printed above columns.
  public init(_ columns: [Column], hasHeadings: Bool = true) {
    self.columns = columns
    self.hasHeadings = hasHeadings
  }

  /// - Parameter columns: Titles with their alignment, left to right; all of them are always shown.
  public init(_ columns: [(title: String, alignment: Alignment)]) {
    self.init(columns.map { Column($0.title, $0.alignment) })
  }

  /// Adds a row; cells are sanitized here and nowhere else.
  public mutating func add(_ cells: [String]) { rows.append(cells.map(\.sanitized)) }

  /// The whole table; nothing at all if it has no rows.
  public var text: String { fitted(to: nil).text }

  /// The table in lines of at most so many cells: by leaving out columns, then by shortening cells, and as the last means
  /// by several lines a row.
  ///
  /// - Parameters:
  ///   - width: Cells of a terminal; nil for any number.
  ///   - mark: Replaces the middle of a shortened text.
  /// - Returns: The text, and the columns that were left out, by their index. Nothing at all if it has no rows.
  public func fitted(to width: Int?, mark: String = "…") -> (text: String, dropped: [Int]) {
    guard !rows.isEmpty else { return ("", []) }
    let lines = hasHeadings ? [columns.map(\.title)] + rows : rows
    var widths = columns.indices.map { column in lines.map { $0[column].terminalWidth }.max() ?? 0 }
    let natural = widths
    guard let width else { return (text(lines, Array(columns.indices), widths, mark), []) }
    var shown = Array(columns.indices)
    // Titles stay whole as long as there is room for the whole of them.
    let least = columns.indices.map { column in
      columns[column].isShortenable
        ? min(widths[column], max(Self.comfortable, columns[column].title.count)) : widths[column]
    }
    while Self.total(shown, least) > width,
      let next = shown.filter({ columns[$0].rank > 0 }).max(by: isKeptLonger)
    {
      shown.removeAll { $0 == next }
    }
    shorten(shown, &widths, to: width, least: least)
    shorten(shown, &widths, to: width, least: columns.map { $0.isShortenable ? Self.bearable : .max })
    let dropped = columns.indices.filter { !shown.contains($0) }
    guard Self.total(shown, widths) > width else { return (text(lines, shown, widths, mark), dropped) }
    return (folded(lines, shown, natural, width, mark), dropped)
  }

  private static let comfortable = 16
  private static let bearable = 6

  private func isKeptLonger(_ left: Int, _ right: Int) -> Bool {
    (columns[left].rank, left) < (columns[right].rank, right)
  }

  private static func total(_ shown: [Int], _ widths: [Int]) -> Int {
    shown.reduce(0) { $0 + widths[$1] } + 2 * max(0, shown.count - 1)
  }

  /// Takes a cell from the widest column that has more than its least, until all fit.
  private func shorten(_ shown: [Int], _ widths: inout [Int], to width: Int, least: [Int]) {
    var excess = Self.total(shown, widths) - width
    while excess > 0,
      let widest = shown.filter({ columns[$0].isShortenable && widths[$0] > least[$0] })
        .max(by: { widths[$0] < widths[$1] })
    {
      widths[widest] -= 1
      excess -= 1
    }
  }

  private func text(_ lines: [[String]], _ shown: [Int], _ widths: [Int], _ mark: String) -> String {
    lines.map { line($0, shown, widths, mark) + "\n" }.joined()
  }

  /// Each row in several lines: as many columns as fit into each, all but the first indented.
  private func folded(
    _ lines: [[String]], _ shown: [Int], _ widths: [Int], _ width: Int, _ mark: String
  ) -> String {
    var groups: [[Int]] = [[]]
    var used = 0
    for column in shown {
      let needed = min(widths[column], width - Self.indent)
      if let last = groups.last, !last.isEmpty, used + 2 + needed > width {
        groups.append([column])
        used = Self.indent + needed
      } else {
        used += (groups[groups.count - 1].isEmpty ? 0 : 2) + needed
        groups[groups.count - 1].append(column)
      }
    }
    let limited = widths.map { min($0, max(1, width - Self.indent)) }
    let indent = String(repeating: " ", count: Self.indent)
    return lines.map { cells in
      groups.enumerated().map { number, group in
        let text = line(cells, group, limited, mark)
        return text.isEmpty ? "" : (number == 0 ? "" : indent) + text + "\n"
      }.joined()
    }.joined()
  }

  private static let indent = 2

  private func line(_ cells: [String], _ shown: [Int], _ widths: [Int], _ mark: String) -> String {
    var line = shown.map { column in
      cells[column].shortened(to: widths[column], mark: mark)
        .padded(to: widths[column], isRight: columns[column].alignment == .right)
    }.joined(separator: "  ")
    while line.last == " " { line.removeLast() }
    return line
  }
}
