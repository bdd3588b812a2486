/// The usage of a command: its line, and a line or two for each option.
struct Usage {
  let line: String
  let options: [OptionSpec]

  /// Where the texts begin.
  private static let column = 24
  private static let gap = 2

  var text: String {
    var text = "\n usage: \(line)\n\n"
    for option in options {
      var head = "    "
      if let short = option.short { head += "-\(short), " } else { head += "    " }
      head += "--\(option.long)"
      switch option.kind {
      case .flag, .counter: break
      case .text: head += " <\(option.value ?? "value")>"
      case .number: head += " <n>"
      }
      let room = Self.column - head.count
      text += head + (room < 0 ? "\n" + Self.blanks(Self.column) : Self.blanks(room))
      text += Self.blanks(Self.gap) + option.help + "\n"
    }
    return text + "\n"
  }

  private static func blanks(_ count: Int) -> String { String(repeating: " ", count: count) }
}
