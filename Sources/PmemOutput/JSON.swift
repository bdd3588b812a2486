/// A JSON value whose objects keep the order of their keys.
///
/// Integers are exact up to 64 bits, signed or not; there are no fractions.
public indirect enum JSON: Hashable, Sendable {
  case string(String)
  case integer(Int64)
  case unsigned(UInt64)
  case boolean(Bool)
  case array([JSON])
  case object(JSONObject)
}

/// Keys and values in the order in which they were added.
public struct JSONObject: Hashable, Sendable {
  public private(set) var members: [Member] = []

  /// A key with its value.
  public struct Member: Hashable, Sendable {
    public let key: String
    public let value: JSON
  }

  public init() {}

  /// Adds a member; a nil value adds nothing, as ndctl leaves out what it does not know.
  public mutating func add(_ key: String, _ value: JSON?) {
    guard let value else { return }
    members.append(Member(key: key, value: value))
  }

  public mutating func add(_ key: String, _ value: String?) { add(key, value.map(JSON.string)) }
  public mutating func add(_ key: String, _ value: Int?) { add(key, value.map { .integer(Int64($0)) }) }
  public mutating func add(_ key: String, _ value: UInt64?) { add(key, value.map(JSON.unsigned)) }
  public mutating func add(_ key: String, _ value: Bool?) { add(key, value.map(JSON.boolean)) }
  public mutating func add(_ key: String, _ value: [JSON]?) { add(key, value.map(JSON.array)) }
  public mutating func add(_ key: String, _ value: JSONObject?) { add(key, value.map(JSON.object)) }
}

extension JSON {
  /// The value as text: two spaces a level, one member a line, a newline at the end.
  public var text: String {
    var writer = JSONWriter()
    writer.write(self, depth: 0)
    return writer.finish()
  }

  /// The value on one line, for streams of values: a newline at the end, none inside.
  public var line: String {
    var writer = JSONWriter(isCompact: true)
    writer.write(self, depth: 0)
    return writer.finish()
  }
}

/// An array that is written element by element, so that it need not be in memory as a whole.
public struct JSONArrayStream {
  private let sink: any TextSink
  private var writer = JSONWriter()
  private var isEmpty = true

  public init(to sink: any TextSink) { self.sink = sink }

  /// Writes the next element. Throws what the sink does.
  public mutating func add(_ element: JSON) throws {
    writer.write(element: element, isFirst: isEmpty)
    isEmpty = false
    if writer.count >= 1 << 16 { try sink.write(writer.take()) }
  }

  /// Ends the array, as ``JSON/text`` would have written it.
  public mutating func finish() throws {
    writer.write(endOfArray: isEmpty)
    try sink.write(writer.take())
  }
}

private struct JSONWriter {
  private var bytes: [UInt8] = []
  private let isCompact: Bool

  init(isCompact: Bool = false) { self.isCompact = isCompact }

  mutating func write(_ value: JSON, depth: Int) {
    switch value {
    case .string(let text): write(string: text)
    case .integer(let number): bytes += String(number).utf8
    case .unsigned(let number): bytes += String(number).utf8
    case .boolean(let flag): bytes += (flag ? "true" : "false").utf8
    case .array(let elements):
      write(open: "[", close: "]", count: elements.count, depth: depth) { writer, index in
        writer.write(elements[index], depth: depth + 1)
      }
    case .object(let object):
      write(open: "{", close: "}", count: object.members.count, depth: depth) { writer, index in
        let member = object.members[index]
        writer.write(string: member.key)
        writer.bytes += ": ".utf8
        writer.write(member.value, depth: depth + 1)
      }
    }
  }

  mutating func finish() -> String {
    bytes.append(UInt8(ascii: "\n"))
    return String(decoding: bytes, as: UTF8.self)
  }

  var count: Int { bytes.count }

  /// The text written since the last time.
  mutating func take() -> String {
    defer { bytes.removeAll(keepingCapacity: true) }
    return String(decoding: bytes, as: UTF8.self)
  }

  mutating func write(element: JSON, isFirst: Bool) {
    bytes += (isFirst ? "[" : ",").utf8
    breakLine(1)
    write(element, depth: 1)
  }

  mutating func write(endOfArray isEmpty: Bool) {
    if isEmpty { bytes += "[".utf8 } else { breakLine(0) }
    bytes += "]\n".utf8
  }

  private mutating func write(
    open: String, close: String, count: Int, depth: Int, element: (inout JSONWriter, Int) -> Void
  ) {
    bytes += open.utf8
    for index in 0..<count {
      bytes += index == 0 ? "".utf8 : isCompact ? ", ".utf8 : ",".utf8
      breakLine(depth + 1)
      element(&self, index)
    }
    if count > 0 { breakLine(depth) }
    bytes += close.utf8
  }

  private mutating func breakLine(_ depth: Int) {
    guard !isCompact else { return }
    bytes += "\n".utf8
    bytes += repeatElement(UInt8(ascii: " "), count: 2 * depth)
  }

  private mutating func write(string text: String) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""): bytes += "\\\"".utf8
      case UInt8(ascii: "\\"): bytes += "\\\\".utf8
      case 0x0a: bytes += "\\n".utf8
      case 0x09: bytes += "\\t".utf8
      case 0..<0x20, 0x7f:
        let hex = String(byte, radix: 16)
        bytes += ("\\u00" + (hex.count == 1 ? "0" : "") + hex).utf8
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }
}
