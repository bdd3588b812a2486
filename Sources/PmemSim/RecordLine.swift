import PmemDevice

/// A line of the machine's text files: a word, then `key=value` pairs.
///
/// Values are percent-encoded where they hold a space, `%` or anything that is not printable ASCII, so that a
/// line is a line whatever a name contains.
struct RecordLine {
  let kind: String
  private var pairs: [(key: String, value: String)] = []
  /// From 1, for messages; 0 for a line that was made, not read.
  let number: Int

  init(_ kind: String) {
    self.kind = kind
    number = 0
  }

  /// Reads a line; `file` is for messages.
  init(_ text: Substring, number: Int, file: String) throws(DeviceError) {
    let words = text.split(separator: " ")
    guard let first = words.first else {
      throw DeviceError(.corrupt, "\(file), line \(number): it is empty")
    }
    kind = String(first)
    self.number = number
    for word in words.dropFirst() {
      guard let equals = word.firstIndex(of: "="), let value = Self.decode(word[word.index(after: equals)...])
      else {
        throw DeviceError(.corrupt, "\(file), line \(number): \"\(word)\" is not key=value")
      }
      pairs.append((String(word[..<equals]), value))
    }
  }

  mutating func add(_ key: String, _ value: String?) {
    guard let value else { return }
    pairs.append((key, value))
  }

  mutating func add(_ key: String, _ value: (some BinaryInteger)?) {
    add(key, value.map { String($0) })
  }

  var text: String {
    ([kind] + pairs.map { "\($0.key)=\(Self.encode($0.value))" }).joined(separator: " ")
  }

  subscript(key: String) -> String? { pairs.last { $0.key == key }?.value }

  /// An integer field; missing or bad is an error that names file and line.
  func integer<Value: FixedWidthInteger>(_ key: String, file: String, as type: Value.Type = Value.self)
    throws(DeviceError) -> Value
  {
    guard let text = self[key], let value = Value(text) else {
      throw DeviceError(.corrupt, "\(file), line \(number): \(key) is missing or not a number in range")
    }
    return value
  }

  /// An integer field that may be missing; a bad one is an error.
  func optional<Value: FixedWidthInteger>(_ key: String, file: String, as type: Value.Type = Value.self)
    throws(DeviceError) -> Value?
  {
    self[key] == nil ? nil : try integer(key, file: file, as: type)
  }

  // MARK: Percent encoding

  private static func encode(_ value: String) -> String {
    var text = ""
    for byte in value.utf8 {
      if byte > 0x20, byte < 0x7f, byte != UInt8(ascii: "%") {
        text.unicodeScalars.append(Unicode.Scalar(byte))
      } else {
        let hex = String(byte, radix: 16)
        text += "%" + (hex.count == 1 ? "0" : "") + hex
      }
    }
    return text
  }

  private static func decode(_ text: Substring) -> String? {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
      else {
        return nil
      }
      bytes.append(value)
      rest = rest.dropFirst(2)
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// A text file of records under a first line that says what it is.
struct RecordFile {
  let lines: [RecordLine]

  /// Reads `text`, whose first line must be `header`.
  init(_ text: String, header: String, file: String) throws(DeviceError) {
    guard text.hasSuffix("\n") else {
      throw DeviceError(.corrupt, "\(file) is cut off: its last line does not end")
    }
    var lines: [RecordLine] = []
    var isFirst = true
    var number = 0
    for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast() {
      number += 1
      if isFirst {
        guard line == header else {
          throw DeviceError(
            .corrupt, "\(file) is not a file of this pmemctl's simulator",
            details: ["its first line should be \"\(header)\""])
        }
        isFirst = false
      } else {
        lines.append(try RecordLine(line, number: number, file: file))
      }
    }
    self.lines = lines
  }

  static func text(header: String, _ lines: [RecordLine]) -> String {
    ([header] + lines.map(\.text)).joined(separator: "\n") + "\n"
  }
}
