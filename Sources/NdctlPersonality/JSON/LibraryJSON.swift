/// A JSON value that is printed byte for byte as ndctl's JSON library prints it: two blanks a level, no blank behind a
/// colon, `/` escaped, and an empty array on two lines.
indirect enum LibraryJSON: Hashable, Sendable {
  case text(String)
  case integer(Int)
  case unsigned(UInt64)
  /// A number as it is to be printed.
  case decimal(String)
  case boolean(Bool)
  case array([LibraryJSON])
  case object(LibraryObject)

  /// With a line feed at the end.
  var printed: String {
    var bytes: [UInt8] = []
    write(to: &bytes, depth: 0)
    bytes.append(0x0a)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// Without any white space, with a line feed at the end.
  var line: String {
    var bytes: [UInt8] = []
    write(to: &bytes, depth: nil)
    bytes.append(0x0a)
    return String(decoding: bytes, as: UTF8.self)
  }

  /// - Parameters:
  ///   - bytes: What is written before it.
  ///   - depth: How far it is indented, in levels; nil for no white space at all.
  private func write(to bytes: inout [UInt8], depth: Int?) {
    switch self {
    case .text(let text): Self.write(text, to: &bytes)
    case .integer(let number): bytes += String(number).utf8
    case .unsigned(let number): bytes += String(number).utf8
    case .decimal(let text): bytes += text.utf8
    case .boolean(let flag): bytes += (flag ? "true" : "false").utf8
    case .array(let elements):
      Self.write(elements.count, "[", "]", to: &bytes, depth) { bytes, index in
        elements[index].write(to: &bytes, depth: depth.map { $0 + 1 })
      }
    case .object(let object):
      Self.write(object.members.count, "{", "}", to: &bytes, depth) { bytes, index in
        Self.write(object.members[index].key, to: &bytes)
        bytes.append(UInt8(ascii: ":"))
        object.members[index].value.write(to: &bytes, depth: depth.map { $0 + 1 })
      }
    }
  }

  private static func write(
    _ count: Int, _ open: String, _ close: String, to bytes: inout [UInt8], _ depth: Int?,
    element: (inout [UInt8], Int) -> Void
  ) {
    bytes += open.utf8
    for index in 0..<count {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      if let depth { startLine(of: &bytes, depth + 1) }
      element(&bytes, index)
    }
    if let depth { startLine(of: &bytes, depth) }
    bytes += close.utf8
  }

  private static func startLine(of bytes: inout [UInt8], _ depth: Int) {
    bytes.append(0x0a)
    bytes += repeatElement(0x20, count: 2 * depth)
  }

  private static func write(_ text: String, to bytes: inout [UInt8]) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): bytes += [UInt8(ascii: "\\"), byte]
      case 0x08: bytes += "\\b".utf8
      case 0x09: bytes += "\\t".utf8
      case 0x0a: bytes += "\\n".utf8
      case 0x0c: bytes += "\\f".utf8
      case 0x0d: bytes += "\\r".utf8
      case 0..<0x20: bytes += "\\u00\(byte < 16 ? "0" : "")\(String(byte, radix: 16))".utf8
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }
}

/// Members in the order in which they were added; a nil value adds nothing.
struct LibraryObject: Hashable, Sendable {
  struct Member: Hashable, Sendable {
    let key: String
    let value: LibraryJSON
  }

  private(set) var members: [Member] = []

  mutating func add(_ key: String, _ value: LibraryJSON?) {
    guard let value else { return }
    members.append(Member(key: key, value: value))
  }

  mutating func add(_ key: String, _ value: String?) { add(key, value.map(LibraryJSON.text)) }
  mutating func add(_ key: String, _ value: Int?) { add(key, value.map(LibraryJSON.integer)) }
  mutating func add(_ key: String, _ value: UInt64?) { add(key, value.map(LibraryJSON.unsigned)) }
  mutating func add(_ key: String, _ value: Bool?) { add(key, value.map(LibraryJSON.boolean)) }

  /// Only what is true is printed.
  mutating func add(ifTrue key: String, _ value: Bool) { if value { add(key, true) } }
}
