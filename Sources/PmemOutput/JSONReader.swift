/// Text that is not the expected JSON, with its position.
public struct JSONError: Error, Hashable, Sendable, CustomStringConvertible {
  /// From 1.
  public let line: Int
  /// From 1, in bytes.
  public let column: Int
  /// The problem: `expected a value`.
  public let problem: String

  public var description: String { "line \(line), column \(column): \(problem)" }
}

extension JSON {
  /// Reads one JSON value (RFC 8259) and nothing behind it.
  ///
  /// Numbers must be integers of at most 64 bits. A member that is null is left out, as a writer of ``JSON``
  /// leaves out what it does not know.
  ///
  /// - Parameters:
  ///   - bytes: UTF-8 text.
  ///   - mostValues: How many values the text may have, objects and lists included: memory is in proportion to them,
  ///     some hundred bytes each. Nesting is at most 128 deep.
  /// - Throws: The line and column of the first value that cannot be read.
  public init(parsing bytes: [UInt8], mostValues: Int = 1 << 20) throws(JSONError) {
    var reader = JSONReader(bytes, mostValues: mostValues)
    self = try reader.document()
  }

  /// The line and the column, from 1, at which a value begins.
  ///
  /// - Parameters:
  ///   - path: Such as `buses[0].regions[1].size`; empty for the whole text.
  ///   - bytes: A text that ``init(parsing:mostValues:)`` reads.
  /// - Returns: nil if there is no such value.
  public static func location(of path: String, in bytes: [UInt8]) -> (line: Int, column: Int)? {
    var reader = JSONReader(bytes, mostValues: .max)
    reader.wanted = path
    _ = try? reader.document()
    return reader.found.map { JSONReader.location(of: $0, in: bytes) }
  }

  /// The members of an object; nil for any other value.
  public var object: JSONObject? { if case .object(let object) = self { object } else { nil } }
  /// The elements of an array; nil for any other value.
  public var array: [JSON]? { if case .array(let elements) = self { elements } else { nil } }
  /// nil for all but strings.
  public var string: String? { if case .string(let text) = self { text } else { nil } }
  /// nil for all but booleans.
  public var boolean: Bool? { if case .boolean(let flag) = self { flag } else { nil } }

  /// nil for all but integers from 0 to 2^64-1.
  public var unsigned: UInt64? {
    switch self {
    case .unsigned(let number): number
    case .integer(let number): UInt64(exactly: number)
    default: nil
    }
  }
}

extension JSONObject {
  /// The value of the first member with that key.
  public subscript(key: String) -> JSON? { members.first { $0.key == key }?.value }
}

private struct JSONReader {
  private let bytes: [UInt8]
  private var position = 0
  /// Deeper nesting is refused, so that no input exhausts the stack.
  private static let deepest = 128
  private var valuesLeft: Int
  /// The path that is searched for, at its beginning, and the path of the value that is being read.
  var wanted: String?
  private(set) var found: Int?
  private var path = ""

  init(_ bytes: [UInt8], mostValues: Int) {
    self.bytes = bytes
    valuesLeft = mostValues
  }

  mutating func document() throws(JSONError) -> JSON {
    skipSpace()
    guard let value = try value(depth: 0) else { throw problem("null is not expected here") }
    skipSpace()
    guard position == bytes.count else { throw problem("expected the end") }
    return value
  }

  /// nil for null.
  private mutating func value(depth: Int) throws(JSONError) -> JSON? {
    guard depth < Self.deepest else { throw problem("nested more than \(Self.deepest) deep") }
    valuesLeft -= 1
    guard valuesLeft >= 0 else { throw problem("the text has too many values") }
    guard let first = peek else { throw problem("expected a value") }
    if wanted != nil, found == nil, wanted == path { found = position }
    switch first {
    case UInt8(ascii: "{"): return .object(try object(depth: depth))
    case UInt8(ascii: "["): return .array(try array(depth: depth))
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .boolean(true))
    case UInt8(ascii: "f"): return try word("false", .boolean(false))
    case UInt8(ascii: "n"): return try word("null", nil)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    default: throw problem("expected a value")
    }
  }

  private mutating func object(depth: Int) throws(JSONError) -> JSONObject {
    var object = JSONObject()
    try elements(close: UInt8(ascii: "}"), name: "}") { reader throws(JSONError) in
      guard reader.peek == UInt8(ascii: "\"") else { throw reader.problem("expected a key in quotes") }
      let key = try reader.string()
      reader.skipSpace()
      guard reader.take(UInt8(ascii: ":")) else { throw reader.problem("expected : after the key") }
      reader.skipSpace()
      let own = reader.path
      if reader.wanted != nil { reader.path += (own.isEmpty ? "" : ".") + key }
      object.add(key, try reader.value(depth: depth + 1))
      reader.path = own
    }
    return object
  }

  private mutating func array(depth: Int) throws(JSONError) -> [JSON] {
    var elements: [JSON] = []
    try self.elements(close: UInt8(ascii: "]"), name: "]") { reader throws(JSONError) in
      let own = reader.path
      if reader.wanted != nil { reader.path += "[\(elements.count)]" }
      guard let value = try reader.value(depth: depth + 1) else { throw reader.problem("null in a list") }
      reader.path = own
      elements.append(value)
    }
    return elements
  }

  private mutating func elements(
    close: UInt8, name: String, _ element: (inout JSONReader) throws(JSONError) -> Void
  ) throws(JSONError) {
    position += 1
    skipSpace()
    if take(close) { return }
    while true {
      try element(&self)
      skipSpace()
      if take(close) { return }
      guard take(UInt8(ascii: ",")) else { throw problem("expected , or \(name)") }
      skipSpace()
    }
  }

  private mutating func word(_ text: String, _ value: JSON?) throws(JSONError) -> JSON? {
    guard bytes[position...].starts(with: text.utf8) else { throw problem("expected a value") }
    position += text.utf8.count
    return value
  }

  private mutating func number() throws(JSONError) -> JSON {
    let start = position
    _ = take(UInt8(ascii: "-"))
    while let byte = peek, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
    if let byte = peek, ".eE".utf8.contains(byte) { throw problem("only integers are expected") }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
    guard !digits.isEmpty, digits == "0" || !digits.hasPrefix("0") else { throw problem("not a number") }
    if let number = UInt64(text) { return .unsigned(number) }
    if let number = Int64(text) { return .integer(number) }
    throw problem("the number does not fit into 64 bits")
  }

  private mutating func string() throws(JSONError) -> String {
    position += 1
    var text: [UInt8] = []
    while let byte = peek {
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let valid = String(validating: text, as: UTF8.self) else { throw problem("not valid UTF-8") }
        return valid
      case UInt8(ascii: "\\"): text += try escape()
      case 0..<0x20: throw problem("a control character must be written as an escape")
      default: text.append(byte)
      }
    }
    throw problem("the string does not end")
  }

  private mutating func escape() throws(JSONError) -> [UInt8] {
    guard let byte = peek else { throw problem("the string does not end") }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [byte]
    case UInt8(ascii: "b"): return [0x08]
    case UInt8(ascii: "f"): return [0x0c]
    case UInt8(ascii: "n"): return [0x0a]
    case UInt8(ascii: "r"): return [0x0d]
    case UInt8(ascii: "t"): return [0x09]
    case UInt8(ascii: "u"): return try unicodeEscape()
    default: throw problem("not an escape")
    }
  }

  private mutating func unicodeEscape() throws(JSONError) -> [UInt8] {
    var units = [try codeUnit()]
    if (0xd800..<0xdc00).contains(units[0]), take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) {
      units.append(try codeUnit())
    }
    guard let text = String(validating: units, as: UTF16.self) else { throw problem("half a surrogate pair") }
    return Array(text.utf8)
  }

  private mutating func codeUnit() throws(JSONError) -> UInt16 {
    let digits = bytes[position...].prefix(4)
    guard digits.count == 4, digits.allSatisfy({ ($0 | 0x20).isHexDigit || (0x30...0x39).contains($0) }),
      let unit = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
    else { throw problem("expected four hexadecimal digits") }
    position += 4
    return unit
  }

  // MARK: Bytes

  private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard peek == byte else { return false }
    position += 1
    return true
  }

  private mutating func skipSpace() {
    while let byte = peek, [0x20, 0x09, 0x0a, 0x0d].contains(byte) { position += 1 }
  }

  private func problem(_ text: String) -> JSONError {
    let (line, column) = Self.location(of: position, in: bytes)
    return JSONError(line: line, column: column, problem: text)
  }

  static func location(of position: Int, in bytes: [UInt8]) -> (line: Int, column: Int) {
    let before = bytes[..<min(position, bytes.count)]
    let start = before.lastIndex(of: 0x0a).map { $0 + 1 } ?? 0
    return (before.count { $0 == 0x0a } + 1, before.count - start + 1)
  }
}

extension UInt8 {
  fileprivate var isHexDigit: Bool { (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(self) }
}
