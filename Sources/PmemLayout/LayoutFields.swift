import PmemDevice

/// A group of keys that is read: each key once, each one known.
struct LayoutFields {
  private let pairs: [(name: String, key: LayoutText, value: LayoutText)]
  let position: SourcePosition

  /// - Parameters:
  ///   - text: A map.
  ///   - known: The keys that it may have.
  ///   - what: Its name in messages: `a namespace`.
  /// - Throws: ``DeviceError/Code/corrupt`` for any other key, with the nearest that there is.
  init(_ text: LayoutText, known: [String], what: String) throws(DeviceError) {
    guard case .map(let members) = text.content else {
      throw LayoutFields.wrong(text, "\(what) is expected, a group of keys, not \(text.kind)")
    }
    var pairs: [(name: String, key: LayoutText, value: LayoutText)] = []
    for (key, value) in members {
      guard case .scalar(let name, _) = key.content, known.contains(name) else {
        let name = if case .scalar(let name, _) = key.content { name } else { "" }
        throw Self.wrong(key, "\(what) has no key \"\(name.prefix(64))\"", Self.nearest(name, known))
      }
      if let first = pairs.first(where: { $0.name == name }) {
        throw Self.wrong(key, "\"\(name)\" is given twice, first at line \(first.key.position.line)")
      }
      pairs.append((name, key, value))
    }
    self.pairs = pairs
    position = text.position
  }

  static func wrong(_ text: LayoutText, _ problem: String, _ details: [String] = []) -> DeviceError {
    DeviceError(.corrupt, "\(text.position.text): \(problem)", details: details)
  }

  subscript(name: String) -> LayoutText? { pairs.first { $0.name == name }?.value }

  // MARK: Values

  func string(_ name: String) throws(DeviceError) -> String? {
    guard let text = self[name] else { return nil }
    return try Self.text(text, name)
  }

  /// A text; what YAML takes for a truth value or for nothing must be quoted to be one.
  static func text(_ text: LayoutText, _ name: String) throws(DeviceError) -> String {
    guard case .scalar(let value, let isQuoted) = text.content, !value.isEmpty,
      isQuoted || !["true", "false", "null", "~"].contains(value)
    else { throw wrong(text, "\(name) is a text, not \(text.kind)") }
    return value
  }

  func flag(_ name: String) throws(DeviceError) -> Bool? {
    guard let text = self[name] else { return nil }
    switch text.content {
    case .scalar("true", false): return true
    case .scalar("false", false): return false
    default: throw Self.wrong(text, "\(name) is true or false, not \(text.kind)")
    }
  }

  func integer(_ name: String) throws(DeviceError) -> UInt64? {
    guard let text = self[name] else { return nil }
    guard case .scalar(let value, _) = text.content, let number = Self.number(value) else {
      throw Self.wrong(text, "\(name) is a number, not \(text.kind)")
    }
    return number
  }

  private static func number(_ text: String) -> UInt64? {
    text.hasPrefix("0x") ? UInt64(text.dropFirst(2), radix: 16) : UInt64(text)
  }

  func size(_ name: String) throws(DeviceError) -> ByteCount? {
    guard let text = self[name] else { return nil }
    guard case .scalar(let value, _) = text.content else {
      throw Self.wrong(text, "\(name) is a size, not \(text.kind)")
    }
    do { return try ByteCount(parsing: value) } catch {
      throw Self.wrong(text, "\(name): \"\(value)\" \(error)")
    }
  }

  /// A size, a share of the region, or `rest`.
  func amount(_ name: String) throws(DeviceError) -> Amount? {
    guard let text = self[name] else { return nil }
    guard case .scalar(let value, _) = text.content else {
      throw Self.wrong(text, "\(name) is a size, not \(text.kind)")
    }
    guard value != "rest" else { return .max }
    let amount: Amount
    do { amount = try Amount(parsing: value) } catch {
      throw Self.wrong(text, "\(name): \"\(value)\" \(error)", ["a size is 16GiB, 25% or rest"])
    }
    if amount == .bytes(.zero) { throw Self.wrong(text, "\(name) is 0: a namespace has a size") }
    return amount
  }

  func word<Word: RawRepresentable & CaseIterable>(
    _ name: String, as type: Word.Type
  ) throws(DeviceError) -> Word? where Word.RawValue == String {
    guard let text = self[name] else { return nil }
    let known = Word.allCases.map(\.rawValue)
    guard case .scalar(let value, _) = text.content, let word = Word(rawValue: value) else {
      let value = if case .scalar(let value, _) = text.content { value } else { "" }
      throw Self.wrong(
        text, "\(name) is \(known.joined(separator: ", ")), not \(text.kind)", Self.nearest(value, known))
    }
    return word
  }

  func list(_ name: String) throws(DeviceError) -> [LayoutText]? {
    guard let text = self[name] else { return nil }
    guard case .list(let items) = text.content else {
      throw Self.wrong(text, "\(name) is a list, not \(text.kind)")
    }
    return items
  }

  func required<Value>(_ value: Value?, _ name: String, of what: String) throws(DeviceError) -> Value {
    guard let value else {
      throw DeviceError(.corrupt, "\(position.text): \(what) needs the key \"\(name)\"")
    }
    return value
  }

  // MARK: Nearest words

  /// `did you mean "align"?`, or all that there is.
  private static func nearest(_ word: String, _ known: [String]) -> [String] {
    if let nearest = NearestWord.of(word, among: known) { return ["did you mean \"\(nearest)\"?"] }
    return ["valid values: \(known.joined(separator: ", "))"]
  }
}
