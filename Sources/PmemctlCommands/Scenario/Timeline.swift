import PmemDevice
import PmemOutput
import PmemModel
import PmemSim

/// A run as rows of what was done and columns of whose it was.
struct Timeline {
  struct Row {
    /// The actions, with their columns.
    var text: String
    var column: Int
    /// The changes, by column.
    var changes: [(column: Int, text: String)]
    /// The violations.
    var broken: [String]
    /// Whether a process waits since.
    var isWait: Bool
    var isFailure: Bool
  }

  private(set) var columns: [String]
  private(set) var rows: [Row] = []

  /// - Parameter run: The columns are its processes, in the order in which they appear, then device and filesystem.
  init(_ run: ScenarioRun) {
    var pids: [(pid: Int, name: String)] = []
    for change in run.events.flatMap(\.changes) {
      if case .process(let pid) = change.owner, change.subject == "runs",
        !pids.contains(where: { $0.pid == pid })
      {
        pids.append((pid, change.value))
      }
    }
    columns = pids.map { "\($0.name) (\($0.pid))" } + ["device", "filesystem"]
    let device = pids.count
    var holders: [String: Int] = [:]
    for event in run.events {
      // A change of a pin belongs to its holder's column.
      let actor =
        event.step.words.compactMap(Int.init).first { pid in pids.contains { $0.pid == pid } }
        ?? event.step.words.last.flatMap { number in
          ["dma", "unpin"].contains(event.step.words.dropFirst().first) ? holders[number] : nil
        }
      for change in event.changes {
        if case .process(let pid) = change.owner, change.subject.hasPrefix("pin ") {
          holders[String(change.subject.dropFirst(4))] = pid
        }
      }
      let isFilesystem = ["mount", "umount", "file", "commit"].contains(event.step.words.dropFirst().first)
      let column = pids.firstIndex { $0.pid == actor } ?? (isFilesystem ? device + 1 : device)
      let changes = event.changes.filter { $0.subject != "runs" }.map { change -> (Int, String) in
        let own =
          switch change.owner {
          case .process(let pid): pids.firstIndex { $0.pid == pid } ?? device
          case .device: device
          case .filesystem: device + 1
          }
        return (own, "\(change.subject): \(change.value)")
      }
      rows.append(
        Row(
          text: Self.short(event.step, actor), column: column, changes: changes,
          broken: event.outcome.breaks.map { "\($0.invariant.rawValue): \($0.text)" },
          isWait: !event.outcome.waits.isEmpty, isFailure: event.outcome.status != 0))
    }
  }

  /// The command without the part that the column shows already.
  private static func short(_ step: Scenario.Step, _ actor: Int?) -> String {
    var words = step.words
    if words.first == "sim" { words.removeFirst() }
    if let actor, let index = words.firstIndex(of: "\(actor)") {
      words.remove(at: index)
      if index > 0, words[index - 1] == "--pid" { words.remove(at: index - 1) }
    }
    words.removeAll { $0 == "--json" }
    return words.joined(separator: " ")
  }

  // MARK: Text

  /// In columns, as wide as there is room for.
  func text(width: Int) -> String {
    let each = max(18, min(36, (width - 5) / columns.count - 2))
    var text = Self.line("", columns.map { $0 }, each)
    text += Self.line("", columns.map { _ in String(repeating: "-", count: each) }, each)
    for (index, row) in rows.enumerated() {
      var cells = columns.map { _ in [String]() }
      let mark = row.isWait ? " ... waits" : row.isFailure ? " ! fails" : ""
      cells[row.column] += Self.wrapped(row.text + mark, each)
      for change in row.changes { cells[change.column] += Self.wrapped("> " + change.text, each) }
      let height = cells.map(\.count).max() ?? 0
      for line in 0..<height {
        text += Self.line(
          line == 0 ? "\(index + 1)" : "", cells.map { line < $0.count ? $0[line] : "" }, each)
      }
      for broken in row.broken { text += "     *** \(broken.sanitized)\n" }
    }
    return text
  }

  private static func line(_ number: String, _ cells: [String], _ each: Int) -> String {
    let row =
      String(repeating: " ", count: max(0, 3 - number.count)) + number + "  "
      + cells.map { cell in
        let cut = String(cell.sanitized.prefix(each))
        return cut + String(repeating: " ", count: each - cut.count + 2)
      }.joined()
    return String(row.reversed().drop { $0 == " " }.reversed()) + "\n"
  }

  static func wrapped(_ text: String, _ width: Int) -> [String] {
    var lines: [String] = []
    var line = ""
    for word in text.split(separator: " ") {
      var word = word[...]
      if !line.isEmpty, line.count + 1 + word.count > width {
        lines.append(line)
        line = "  "
      } else if !line.isEmpty {
        line += " "
      }
      while line.count + word.count > width {
        let room = width - line.count
        lines.append(line + word.prefix(room))
        word = word.dropFirst(room)
        line = "  "
      }
      line += word
    }
    return line.isEmpty ? lines : lines + [line]
  }
}
