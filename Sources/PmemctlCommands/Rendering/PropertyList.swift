import PmemOutput

/// What `show` prints: a label and a value a line.
struct PropertyList {
  private var lines: [(label: String, value: String)] = []

  mutating func add(_ label: String, _ value: String?) {
    guard let value else { return }
    lines.append((label, value.sanitized))
  }

  var text: String {
    let width = lines.map(\.label.count).max() ?? 0
    return lines.map { line in
      line.label + String(repeating: " ", count: width - line.label.count) + "  " + line.value + "\n"
    }.joined()
  }
}
