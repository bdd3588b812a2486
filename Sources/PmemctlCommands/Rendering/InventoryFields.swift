import PmemDevice
import PmemOutput

/// The text of an inventory and its name, for messages.
struct InventorySource {
  let file: String
  let bytes: [UInt8]
  /// How many objects any list may have.
  static let most = 1 << 16

  /// `FILE, line 12`: the start of a value or, if it is missing, of the object that should have it.
  func location(_ path: String, in object: String) -> String {
    let found = JSON.location(of: path, in: bytes) ?? JSON.location(of: object, in: bytes)
    return "\(file), line \(found?.line ?? 1)"
  }
}

/// An object and its path, for messages: `FILE, line 12: buses[0].regions[1].size is missing`.
struct InventoryFields {
  private let object: JSONObject
  private let path: String
  private let source: InventorySource

  init(_ value: JSON, _ path: String, _ source: InventorySource) throws(DeviceError) {
    guard let object = value.object else {
      throw DeviceError(
        .corrupt, "\(source.location(path, in: "")): \(path.isEmpty ? "it" : path) is not an object",
        details: ["this prints the expected format:"], try: ["pmemctl status --json"])
    }
    self.object = object
    self.path = path
    self.source = source
  }

  func optional(_ key: String) -> JSON? { object[key] }

  func string(_ key: String) throws(DeviceError) -> String {
    guard let text = try required(key).string else { throw wrong(key, "text") }
    return text
  }

  func number(_ key: String) throws(DeviceError) -> UInt64 {
    guard let number = try required(key).unsigned else { throw wrong(key, "a number") }
    return number
  }

  /// A number in a range, so that arithmetic on it cannot overflow.
  func number(_ key: String, _ range: ClosedRange<UInt64>) throws(DeviceError) -> UInt64 {
    let number = try number(key)
    guard range.contains(number) else {
      throw wrong(key, "between \(range.lowerBound) and \(range.upperBound)")
    }
    return number
  }

  func size(_ key: String) throws(DeviceError) -> ByteCount { ByteCount(try number(key, 0...1 << 50)) }

  /// A number that may be missing.
  func optionalNumber(_ key: String, _ range: ClosedRange<UInt64>) throws(DeviceError) -> UInt64? {
    object[key] == nil ? nil : try number(key, range)
  }

  /// A power of two, or 0; it may be missing.
  func alignment(_ key: String) throws(DeviceError) -> UInt64? {
    guard let align = try optionalNumber(key, 0...1 << 50) else { return nil }
    guard align.nonzeroBitCount <= 1 else { throw wrong(key, "a power of two") }
    return align
  }

  func flag(_ key: String) throws(DeviceError) -> Bool {
    guard let flag = try required(key).boolean else { throw wrong(key, "true or false") }
    return flag
  }

  /// A node; -1 if it is missing, or -1.
  func node(_ key: String) throws(DeviceError) -> Int {
    guard let value = object[key], value != .integer(-1) else { return -1 }
    guard let node = value.unsigned, node < 1024 else { throw wrong(key, "a node, between -1 and 1023") }
    return Int(node)
  }

  func uuid(_ key: String) throws(DeviceError) -> DeviceUUID? {
    guard let value = object[key] else { return nil }
    guard let uuid = value.string.flatMap({ DeviceUUID($0) }) else { throw wrong(key, "a UUID") }
    return uuid
  }

  /// An object that may be missing.
  func nested(_ key: String) throws(DeviceError) -> InventoryFields? {
    guard let value = object[key] else { return nil }
    return try InventoryFields(value, path(key), source)
  }

  func objects(
    _ key: String, most: Int = InventorySource.most
  ) throws(DeviceError) -> [InventoryFields] {
    guard let list = try required(key).array else { throw wrong(key, "a list") }
    guard list.count <= most else { throw wrong(key, "a list of at most \(most)") }
    var objects: [InventoryFields] = []
    for (index, element) in list.enumerated() {
      objects.append(try InventoryFields(element, path(key) + "[\(index)]", source))
    }
    return objects
  }

  func wrong(_ key: String, _ expected: String) -> DeviceError {
    DeviceError(
      .corrupt, "\(source.location(path(key), in: path)): \(path(key)) is not \(expected)")
  }

  /// Refuses a name that appears twice.
  func checkDistinct(_ key: String, _ names: [String]) throws(DeviceError) {
    var seen: Set<String> = []
    guard let twice = names.first(where: { !seen.insert($0).inserted }) else { return }
    throw DeviceError(
      .corrupt, "\(source.location(path(key), in: path)): \(path(key)): \(twice) appears twice")
  }

  private func required(_ key: String) throws(DeviceError) -> JSON {
    guard let value = object[key] else {
      throw DeviceError(
        .corrupt, "\(source.location(path(key), in: path)): \(path(key)) is missing",
        details: ["this prints the expected format:"],
        try: ["pmemctl status --json"])
    }
    return value
  }

  private func path(_ key: String) -> String { path.isEmpty ? key : path + "." + key }
}
