import PmemDevice

/// A line of the machine's text files: a word, then `key=value` pairs.
///
/// Values are percent-encoded if they contain a space, `%` or anything that is not printable ASCII, so that a record
/// stays one line whatever a name contains.
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
    // By bytes: the files are ASCII, and a machine with a thousand pins has a thousand lines.
    let words = text.utf8.split(separator: UInt8(ascii: " "))
    guard let first = words.first else {
      throw DeviceError(.corrupt, "\(file), line \(number): it is empty")
    }
    kind = String(Substring(first))
    self.number = number
    for word in words.dropFirst() {
      guard let equals = word.firstIndex(of: UInt8(ascii: "=")),
        let value = Self.decode(word[word.index(after: equals)...])
      else {
        throw DeviceError(.corrupt, "\(file), line \(number): \"\(Substring(word))\" is not key=value")
      }
      pairs.append((String(Substring(word[..<equals])), value))
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

  /// An integer field that must lie in a range, so that arithmetic on it cannot overflow.
  func integer<Value: FixedWidthInteger>(
    _ key: String, in range: ClosedRange<Value>, file: String
  ) throws(DeviceError) -> Value {
    let value = try integer(key, file: file, as: Value.self)
    guard range.contains(value) else {
      throw DeviceError(
        .corrupt,
        "\(file), line \(number): \(key)=\(value) is not between \(range.lowerBound) and \(range.upperBound)")
    }
    return value
  }

  /// The same for a field that may be missing.
  func optional<Value: FixedWidthInteger>(
    _ key: String, in range: ClosedRange<Value>, file: String
  ) throws(DeviceError) -> Value? {
    self[key] == nil ? nil : try integer(key, in: range, file: file)
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

  private static func decode(_ text: Substring.UTF8View) -> String? {
    guard text.contains(UInt8(ascii: "%")) else { return String(Substring(text)) }
    var bytes: [UInt8] = []
    var rest = Array(text)[...]
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

/// Ranges of the numbers in a machine's text files. No sum of two of them overflows.
enum RecordRange {
  /// Offsets and lengths on a device or in a file, bytes.
  static let bytes: ClosedRange<UInt64> = 0...1 << 50
  /// Virtual addresses: five-level page tables have 57 bits.
  static let address: ClosedRange<UInt64> = 0...1 << 57
  /// Numbers of pages of 4 KiB.
  static let pages: ClosedRange<UInt64> = 0...1 << 38
  /// Counts that only ever grow by one.
  static let counter: ClosedRange<UInt64> = 0...1 << 60
  /// Numbers of devices, as the kernel's ida gives them.
  static let id = 0...Int(Int32.max)
  /// Process numbers; 0 is a pin whose holder has exited (PID_MAX_LIMIT).
  static let pid = 0...1 << 22
}

/// A text file of records under a first line that names its format.
enum RecordFile {
  /// Calls `body` with each record of `text`, whose first line must be `header`.
  ///
  /// - Throws: `DeviceError.Code.corrupt` with file and line, and what `body` throws.
  static func read(
    _ text: String, header: String, file: String, _ body: (RecordLine) throws(DeviceError) -> Void
  ) throws(DeviceError) {
    var rest = text[...]
    var number = 0
    while !rest.isEmpty {
      number += 1
      guard let end = rest.utf8.firstIndex(of: UInt8(ascii: "\n")) else {
        throw DeviceError(.corrupt, "\(file), line \(number): it is truncated: the line does not end")
      }
      let line = rest[..<end]
      rest = rest[rest.utf8.index(after: end)...]
      if number > 1 {
        try body(try RecordLine(line, number: number, file: file))
      } else if line != header {
        throw DeviceError(
          .corrupt, "\(file), line 1: it is not a file of this pmemctl's simulator",
          details: ["its first line should be \"\(header)\""])
      }
    }
    guard number > 0 else {
      throw DeviceError(
        .corrupt, "\(file), line 1: it is empty", details: ["its first line should be \"\(header)\""])
    }
  }

  static func text(header: String, _ lines: [RecordLine]) -> String {
    ([header] + lines.map(\.text)).joined(separator: "\n") + "\n"
  }
}
