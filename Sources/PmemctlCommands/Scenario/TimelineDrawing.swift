import PmemOutput

/// A timeline as a picture (SVG 1.1): a lifeline for each column, a box for each step, red if it violates an invariant.
struct TimelineDrawing {
  private let timeline: Timeline
  private let title: String
  private let lane = 250
  private let line = 15

  init(_ timeline: Timeline, title: String) {
    self.timeline = timeline
    self.title = title
  }

  var svg: String {
    var body = ""
    var y = 70
    for (index, row) in timeline.rows.enumerated() {
      body += text(8, y + line, "\(index + 1)", "number")
      let height = draw(row, at: y, into: &body)
      y += height + 10
    }
    let width = 40 + timeline.columns.count * lane + 10
    var head = """
      <svg xmlns="http://www.w3.org/2000/svg" width="\(width)" height="\(y + 20)" viewBox="0 0 \(width) \(y + 20)">
      <title>\(Self.escaped(title))</title>
      <style>
      text { font: 11px monospace; fill: #222 } .title { font: bold 14px sans-serif } .head { font: bold 12px sans-serif }
      .change { fill: #46698c } .broken { fill: #b00020; font-weight: bold } .number { fill: #999 }
      .box { fill: #eef3f8; stroke: #7a93ab } .wait { fill: #fff4d6; stroke: #c79500; stroke-dasharray: 4 2 }
      .fail { fill: #fde7ea; stroke: #b00020 } .life { stroke: #ccc }
      </style>
      <rect width="100%" height="100%" fill="white"/>

      """
    head += text(8, 20, title, "title")
    for (column, name) in timeline.columns.enumerated() {
      let x = left(column)
      head += text(x + 4, 48, name, "head")
      head += "<line class=\"life\" x1=\"\(x)\" y1=\"56\" x2=\"\(x)\" y2=\"\(y + 10)\"/>\n"
    }
    return head + body + "</svg>\n"
  }

  private func left(_ column: Int) -> Int { 40 + column * lane }

  /// - Returns: How high it became.
  private func draw(_ row: Timeline.Row, at y: Int, into body: inout String) -> Int {
    var bottoms = timeline.columns.map { _ in y }
    let lines = Timeline.wrapped(row.text + (row.isWait ? " ... waits" : row.isFailure ? " ! fails" : ""), 34)
    let x = left(row.column)
    let style = row.isWait ? "wait" : row.isFailure ? "fail" : "box"
    body +=
      "<rect class=\"\(style)\" x=\"\(x)\" y=\"\(y)\" width=\"\(lane - 12)\" height=\"\(lines.count * line + 6)\" rx=\"3\"/>\n"
    for (index, text) in lines.enumerated() {
      body += self.text(x + 5, y + (index + 1) * line - 2, text, "")
    }
    bottoms[row.column] += lines.count * line + 8
    for change in row.changes {
      for text in Timeline.wrapped(change.text, 34) {
        body += self.text(left(change.column) + 5, bottoms[change.column] + line - 2, text, "change")
        bottoms[change.column] += line
      }
    }
    var bottom = bottoms.max() ?? y
    for broken in row.broken {
      body += text(40, bottom + line, broken, "broken")
      bottom += line + 2
    }
    return bottom - y
  }

  private func text(_ x: Int, _ y: Int, _ text: String, _ style: String) -> String {
    "<text x=\"\(x)\" y=\"\(y)\"\(style.isEmpty ? "" : " class=\"\(style)\"")>\(Self.escaped(text.sanitized))</text>\n"
  }

  private static func escaped(_ text: String) -> String {
    text.map { character -> String in
      switch character {
      case "&": "&amp;"
      case "<": "&lt;"
      case ">": "&gt;"
      case "\"": "&quot;"
      default: String(character)
      }
    }.joined()
  }
}
