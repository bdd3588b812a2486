import CYaml
import PmemDevice

/// Puts the events of libyaml's parser together to one value.
///
/// An alias shares the value that it names, and is counted as a copy of it: nested aliases, or aliases of a long scalar,
/// make a document large whatever the size of its text.
struct LayoutComposer {
  let file: String
  private var anchors: [String: LayoutText] = [:]
  /// Of values that are being read.
  private var open: Set<String> = []
  private var total = LayoutText.Cost(nodes: 0)

  /// Bytes of the text.
  private static let mostText = 2 << 20
  private static let mostNodes = 200_000
  /// Bytes of all scalars, with aliases expanded.
  private static let mostBytes = 4 << 20
  private static let deepest = 32
  /// libyaml compares each tag directive with all others.
  private static let mostDirectives = 16

  init(file: String) { self.file = file }

  /// - Throws: ``DeviceError/Code/corrupt`` for more text than is read.
  static func checkSize(_ bytes: [UInt8], file: String) throws(DeviceError) {
    guard bytes.count <= mostText else {
      throw DeviceError(.corrupt, "\(file):1:1: it is too large: more than \(ByteCount(UInt64(mostText)))")
    }
    var line = 1
    var directives = 0
    var isStart = true
    for byte in bytes {
      if isStart, byte == UInt8(ascii: "%") {
        directives += 1
        guard directives <= mostDirectives else {
          throw DeviceError(.corrupt, "\(file):\(line):1: more than \(mostDirectives) directives")
        }
      }
      isStart = byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r")
      if byte == UInt8(ascii: "\n") { line += 1 }
    }
  }

  /// Reads a text of one document.
  mutating func document(_ parser: inout yaml_parser_t) throws(DeviceError) -> LayoutText {
    var text: LayoutText?
    while true {
      var event = try next(&parser)
      defer { yaml_event_delete(&event) }
      switch event.type {
      case YAML_DOCUMENT_START_EVENT:
        guard text == nil else {
          throw wrong(event.start_mark, "one document is expected, not two")
        }
      case YAML_DOCUMENT_END_EVENT, YAML_STREAM_START_EVENT: break
      case YAML_STREAM_END_EVENT:
        guard let text else {
          throw DeviceError(
            .corrupt, "\(file):1:1: it is empty",
            details: ["pmemctl layout schema prints the format"])
        }
        return text
      default: text = try value(event, &parser, depth: 0)
      }
    }
  }

  private func next(_ parser: inout yaml_parser_t) throws(DeviceError) -> yaml_event_t {
    var event = yaml_event_t()
    guard yaml_parser_parse(&parser, &event) == 1 else {
      let reason = parser.problem.map { String(cString: $0) } ?? "it cannot be read"
      throw wrong(parser.problem_mark, reason)
    }
    return event
  }

  private func position(_ mark: yaml_mark_t) -> SourcePosition {
    SourcePosition(file: file, line: Int(mark.line) + 1, column: Int(mark.column) + 1)
  }

  private func wrong(_ mark: yaml_mark_t, _ problem: String) -> DeviceError {
    DeviceError(.corrupt, "\(position(mark).text): \(problem)")
  }

  // MARK: Values

  /// The value that begins with an event; the events of what is in it are read.
  private mutating func value(
    _ event: yaml_event_t, _ parser: inout yaml_parser_t, depth: Int
  ) throws(DeviceError) -> LayoutText {
    switch event.type {
    case YAML_ALIAS_EVENT: return try alias(event, depth: depth)
    case YAML_SCALAR_EVENT:
      let scalar = event.data.scalar
      try count(LayoutText.Cost(bytes: scalar.length), event, depth: depth)
      let text = String(
        decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
      let value = LayoutText(
        .scalar(text, isQuoted: scalar.style != YAML_PLAIN_SCALAR_STYLE), position(event.start_mark),
        LayoutText.Cost(bytes: scalar.length))
      try anchor(name(scalar.anchor), value, event)
      return value
    case YAML_SEQUENCE_START_EVENT, YAML_MAPPING_START_EVENT:
      try count(LayoutText.Cost(), event, depth: depth)
      let isMap = event.type == YAML_MAPPING_START_EVENT
      let name = name(isMap ? event.data.mapping_start.anchor : event.data.sequence_start.anchor)
      if let name { open.insert(name) }
      let items = try items(&parser, depth: depth)
      let cost = items.reduce(into: LayoutText.Cost()) {
        $0.nodes += $1.cost.nodes
        $0.bytes += $1.cost.bytes
        $0.height = max($0.height, $1.cost.height + 1)
      }
      let pairs = stride(from: 0, to: isMap ? items.count - 1 : 0, by: 2).map { (items[$0], items[$0 + 1]) }
      let value = LayoutText(isMap ? .map(pairs) : .list(items), position(event.start_mark), cost)
      if let name { open.remove(name) }
      try anchor(name, value, event)
      return value
    default: throw wrong(event.start_mark, "a value is expected")
    }
  }

  /// The elements of a list; for a map, keys and values in turn.
  private mutating func items(_ parser: inout yaml_parser_t, depth: Int) throws(DeviceError) -> [LayoutText] {
    var items: [LayoutText] = []
    while true {
      var event = try next(&parser)
      defer { yaml_event_delete(&event) }
      guard event.type != YAML_SEQUENCE_END_EVENT, event.type != YAML_MAPPING_END_EVENT else { return items }
      items.append(try value(event, &parser, depth: depth + 1))
    }
  }

  private mutating func alias(_ event: yaml_event_t, depth: Int) throws(DeviceError) -> LayoutText {
    let name = name(event.data.alias.anchor) ?? ""
    guard !open.contains(name) else {
      throw wrong(event.start_mark, "nested too deep: *\(name) is inside the value that it names")
    }
    guard let value = anchors[name] else { throw wrong(event.start_mark, "found undefined alias") }
    try count(value.cost, event, depth: depth)
    return value
  }

  private func name(_ text: UnsafeMutablePointer<yaml_char_t>?) -> String? {
    text.map { String(cString: $0) }
  }

  private mutating func anchor(
    _ name: String?, _ value: LayoutText, _ event: yaml_event_t
  ) throws(DeviceError) {
    guard let name else { return }
    guard anchors.updateValue(value, forKey: name) == nil else {
      throw wrong(event.start_mark, "found duplicate anchor")
    }
  }

  /// Adds to what the document costs, and refuses more than any layout does.
  private mutating func count(
    _ cost: LayoutText.Cost, _ event: yaml_event_t, depth: Int
  ) throws(DeviceError) {
    total.nodes += cost.nodes
    total.bytes += cost.bytes
    guard depth + cost.height < Self.deepest else {
      throw wrong(event.start_mark, "nested too deep: more than \(Self.deepest) levels")
    }
    guard total.nodes <= Self.mostNodes else {
      throw wrong(event.start_mark, "too large: more than \(Self.mostNodes) values, with aliases expanded")
    }
    guard total.bytes <= Self.mostBytes else {
      throw wrong(
        event.start_mark,
        "too large: more than \(ByteCount(UInt64(Self.mostBytes))) of text, with aliases expanded")
    }
  }
}
