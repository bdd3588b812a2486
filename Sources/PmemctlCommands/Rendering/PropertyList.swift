import PmemOutput

/// The output of `show`: a label and a value a line.
struct PropertyList {
  private var lines: [(label: String, value: String)] = []

  mutating func add(_ label: String, _ value: String?) {
    guard let value else { return }
    lines.append((label, value.sanitized))
  }

  /// Values of one label, a line each, up to a number of them.
  mutating func add(_ label: String, _ values: [String], atMost limit: Int = 8) {
    // One more line is better than a line that counts one omitted line.
    let shown =
      values.count <= limit + 1 ? values : Array(values.prefix(limit)) + ["and \(values.count - limit) more"]
    for (index, value) in shown.enumerated() { lines.append((index == 0 ? label : "", value.sanitized)) }
  }

  var text: String {
    let width = lines.map(\.label.count).max() ?? 0
    return lines.map { line in
      line.label + String(repeating: " ", count: width - line.label.count) + "  " + line.value + "\n"
    }.joined()
  }
}
