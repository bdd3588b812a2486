import ArgumentParser
import PmemDevice
import PmemOutput

/// How a list is shown: as lsblk(8) and findmnt(8) have it.
struct ListOptions: ParsableArguments {
  @Option(
    name: [.customShort("o"), .customLong("output")],
    help: ArgumentHelp(
      "Show these columns, separated by commas; with a leading +, in addition to the default ones.",
      valueName: "columns"))
  var columns: String?

  @Option(
    name: .long,
    help: ArgumentHelp("Sort by this column; --sort=-COLUMN for the reverse order.", valueName: "column"))
  var sort: String?

  @Flag(name: .long, help: "Print no headings.")
  var noheadings = false

  @Flag(name: .long, help: "Print sizes in bytes.")
  var bytes = false

  @Flag(name: .shortAndLong, help: "Print only the first column, one value a line.")
  var quiet = false

  /// Whether none of them is given that chooses or leaves out columns or headings: there may be more than a table then.
  var areUsual: Bool { columns == nil && !noheadings && !quiet }
}

/// The columns of a list, and those that a command line asks for.
struct ListColumns<Row> {
  private let all: [TableColumn<Row>]
  private let options: ListOptions
  private let shown: [TableColumn<Row>]
  private let sorting: (column: TableColumn<Row>, isReversed: Bool)?
  /// Whether the person named the columns: then none is left out.
  private let isChosen: Bool

  /// - Parameters:
  ///   - all: Every column; the first one is what the rows are called by.
  ///   - options: The options given.
  ///   - isJSON: Whether the answer is JSON, which has every field.
  /// - Throws: ``DeviceError/Code/usage`` for a column that does not exist, and for options that contradict each other.
  init(_ all: [TableColumn<Row>], _ options: ListOptions, isJSON: Bool) throws(DeviceError) {
    let known = all.map(\.name)
    func find(_ name: Substring, _ option: String) throws(DeviceError) -> TableColumn<Row> {
      guard name.lowercased() != "json" else {
        throw DeviceError(.usage, "\(option) takes columns; did you mean --json?")
      }
      guard let found = all.first(where: { $0.name == name.lowercased() }) else {
        throw DeviceError(
          .usage, "\(option): there is no column \"\(name)\"\(didYouMean(String(name), known))",
          details: ["valid values: \(known.joined(separator: ", "))"])
      }
      return found
    }
    guard !isJSON || (options.columns == nil && !options.noheadings && !options.bytes && !options.quiet)
    else {
      throw DeviceError(.usage, "--json shows every field, and takes no -o, --noheadings, --bytes or -q")
    }
    self.all = all
    self.options = options
    isChosen = options.columns != nil
    var shown = all.filter(\.isUsual)
    if let text = options.columns {
      let names = (text.hasPrefix("+") ? text.dropFirst() : text[...]).split(separator: ",")
      guard !names.isEmpty else {
        throw DeviceError(
          .usage, "-o needs the name of a column", details: ["valid values: \(known.joined(separator: ", "))"]
        )
      }
      var chosen: [TableColumn<Row>] = []
      for name in names {
        if name == "all" { chosen += all } else { chosen.append(try find(name, "-o")) }
      }
      // Those that are asked for are not left out.
      let kept = chosen.map {
        TableColumn($0.name, $0.alignment, isShortenable: $0.isShortenable, cell: $0.cell)
      }
      shown =
        !text.hasPrefix("+") ? kept : shown.filter { old in !kept.contains { $0.name == old.name } } + kept
    }
    self.shown = options.quiet ? Array(all.prefix(1)) : shown
    if let sort = options.sort {
      let isReversed = sort.hasPrefix("-")
      sorting = (try find(isReversed ? sort.dropFirst() : sort[...], "--sort"), isReversed)
    } else {
      sorting = nil
    }
  }

  /// Rows in the order requested; unchanged if none is. Equal ones keep their order.
  func sorted(_ rows: [Row]) -> [Row] {
    guard let sorting else { return rows }
    let keyed = rows.enumerated().map {
      (offset: $0.offset, cell: sorting.column.cell($0.element), row: $0.element)
    }
    return keyed.sorted { left, right in
      if left.cell.isBefore(right.cell) { return !sorting.isReversed }
      if right.cell.isBefore(left.cell) { return sorting.isReversed }
      return left.offset < right.offset
    }.map(\.row)
  }

  /// The table, and a note of what was left out for want of room.
  ///
  /// - Parameters:
  ///   - rows: In any order.
  ///   - context: Its terminal decides about the width, its standard error gets the note.
  ///   - indent: Blanks before each line.
  /// - Returns: Lines.
  func text(_ rows: [Row], in context: CommandContext, indent: Int = 0) -> String {
    let isBare = options.quiet || options.noheadings
    let cells = sorted(rows).map { row in self.shown.map { $0.cell(row) } }
    let columns = self.shown.indices.filter { index in
      !self.shown[index].isSparse || cells.contains { !["-", " "].contains($0[index].text(isExact: true)) }
    }
    let shown = columns.map { self.shown[$0] }
    var table = Table(shown.map(\.column), hasHeadings: !isBare)
    for row in cells { table.add(columns.map { row[$0].text(isExact: options.bytes) }) }
    if options.quiet { return table.text }
    // Columns that a script asked for come as they are; a terminal is as wide as it is.
    let width = isChosen && !context.terminal.isWidthKnown ? nil : context.terminal.width - indent
    let (text, dropped) = table.fitted(to: width, mark: context.terminal.isUnicode ? "…" : "..")
    if !dropped.isEmpty {
      let names = dropped.map { shown[$0].name }.joined(separator: ",")
      context.note("not shown in \(context.terminal.width) columns: \(names) (-o +\(names) shows them)")
    }
    guard indent > 0 else { return text }
    return text.split(separator: "\n").map { String(repeating: " ", count: indent) + $0 + "\n" }.joined()
  }

  /// For --help: the names of all columns.
  static func help(_ all: [TableColumn<Row>]) -> String {
    "Columns: " + all.map(\.name).joined(separator: ", ") + "."
  }
}
