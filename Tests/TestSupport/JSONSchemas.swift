public import Foundation
public import PmemOutput

/// The JSON schemas of a directory (draft 2020-12), as far as they use the keywords below: any other keyword, a reference
/// that leads nowhere and a malformed value of a keyword are errors when the directory is read, so that no rule of a schema
/// can go unchecked.
///
/// A reference is `#/$defs/NAME`, `FILE.json#/$defs/NAME` or `FILE.json`, with a file of the same directory.
public final class JSONSchemas: Sendable {
  /// By `FILE.json` for a file, `FILE.json#/$defs/NAME` for a type in it.
  private let nodes: [String: Node]
  /// Without `.json`.
  public let names: Set<String>

  public struct Malformed: Error, CustomStringConvertible {
    public let description: String
  }

  /// - Parameter directory: All its `.json` files are read.
  /// - Throws: ``Malformed``, or the reader's error.
  public convenience init(directory: URL) throws {
    var files: [String: JSON] = [:]
    for name in try FileManager.default.contentsOfDirectory(atPath: directory.path)
    where name.hasSuffix(".json") {
      files[name] = try JSON(parsing: Array(try Data(contentsOf: directory.appendingPathComponent(name))))
    }
    try self.init(files: files)
  }

  /// - Parameter files: By their names.
  /// - Throws: ``Malformed``.
  public init(files: [String: JSON]) throws {
    var nodes: [String: Node] = [:]
    for (file, json) in files {
      nodes[file] = try Node(json, in: file, at: "", isRoot: true)
      for type in json.object?["$defs"]?.object?.members ?? [] {
        let pointer = "#/$defs/\(type.key)"
        nodes[file + pointer] = try Node(type.value, in: file, at: pointer)
      }
    }
    for (name, node) in nodes {
      for reference in node.references where nodes[reference] == nil {
        throw Malformed(description: "\(name): there is no \(reference)")
      }
    }
    self.nodes = nodes
    names = Set(files.keys.map { String($0.dropLast(".json".count)) })
  }

  /// - Parameters:
  ///   - value: Any value.
  ///   - name: Of a schema, as in ``names``.
  /// - Returns: The first thing that the schema refuses, with its path; nil if it accepts the value.
  public func problem(with value: JSON, in name: String) -> String? {
    guard let node = nodes[name + ".json"] else { return "there is no schema \(name).json" }
    return problem(value, node, "$").map { "\($0.path): \($0.text)" }
  }

  // MARK: Checking

  private struct Problem {
    let path: String
    let text: String
    /// How deep in the value it is: the alternative that fails deepest is the one that was meant.
    let depth: Int
  }

  private func problem(_ value: JSON, _ node: Node, _ path: String, _ depth: Int = 0) -> Problem? {
    func problem(_ text: String) -> Problem { Problem(path: path, text: text, depth: depth) }
    if node.refusesAll { return problem("must not be there") }
    if let type = node.type, !type.matches(value) {
      // An alternative of another type was not meant.
      return Problem(path: path, text: "is not of type \(type.rawValue)", depth: depth - 1)
    }
    if let values = node.values, !values.contains(value) {
      return problem("is none of \(values.map(Self.line).joined(separator: ", "))")
    }
    if let minimum = node.minimum, let number = value.number, number < minimum {
      return problem("is less than \(minimum)")
    }
    if let maximum = node.maximum, let number = value.number, number > maximum {
      return problem("is more than \(maximum)")
    }
    if let pattern = node.pattern, let text = value.string, !pattern.matches(text) {
      return problem("does not match \(pattern.text)")
    }
    if let object = value.object {
      for name in node.required where object[name] == nil { return problem("has no \"\(name)\"") }
      for member in object.members {
        if let schema = node.properties[member.key] {
          if let found = self.problem(member.value, schema, "\(path).\(member.key)", depth + 1) {
            return found
          }
        } else if !node.allowsOtherProperties {
          return Problem(
            path: path, text: "has \"\(member.key)\", which is not in the schema", depth: depth + 1)
        }
      }
    }
    if let items = node.items, let elements = value.array {
      for (index, element) in elements.enumerated() {
        if let found = self.problem(element, items, "\(path)[\(index)]", depth + 1) { return found }
      }
    }
    if let reference = node.reference, let target = nodes[reference],
      let found = self.problem(value, target, path, depth)
    {
      return found
    }
    guard !node.alternatives.isEmpty else { return nil }
    var deepest: Problem?
    for alternative in node.alternatives {
      guard let found = self.problem(value, alternative, path, depth) else { return nil }
      if found.depth > deepest?.depth ?? .min { deepest = found }
    }
    return deepest
  }

  private static func line(_ value: JSON) -> String { String(value.line.dropLast()) }

  // MARK: Schemas

  private struct Pattern: @unchecked Sendable {
    let text: String
    /// Immutable, and safe to use by many threads.
    private let expression: NSRegularExpression

    init(_ text: String) throws {
      self.text = text
      expression = try NSRegularExpression(pattern: text)
    }

    func matches(_ string: String) -> Bool {
      expression.firstMatch(in: string, range: NSRange(string.startIndex..., in: string)) != nil
    }
  }

  private enum ValueType: String {
    case object, array, string, integer, boolean

    func matches(_ value: JSON) -> Bool {
      switch value {
      case .object: self == .object
      case .array: self == .array
      case .string: self == .string
      case .integer, .unsigned: self == .integer
      case .boolean: self == .boolean
      }
    }
  }

  /// One schema.
  private final class Node: Sendable {
    let refusesAll: Bool
    let type: ValueType?
    let values: [JSON]?
    let minimum: Int64?
    let maximum: Int64?
    let pattern: Pattern?
    let required: [String]
    let properties: [String: Node]
    let allowsOtherProperties: Bool
    let items: Node?
    let alternatives: [Node]
    let reference: String?

    private static let keywords: Set<String> = [
      "description", "type", "enum", "const", "minimum", "maximum", "pattern", "required", "properties",
      "additionalProperties", "items", "anyOf", "$ref",
    ]

    init(_ json: JSON, in file: String, at place: String, isRoot: Bool = false) throws {
      func malformed(_ text: String) -> Malformed { Malformed(description: "\(file)\(place): \(text)") }
      func node(_ json: JSON, _ step: String) throws -> Node {
        try Node(json, in: file, at: "\(place)/\(step)")
      }
      if case .boolean(let acceptsAll) = json {
        (refusesAll, type, values, minimum, maximum, pattern) = (!acceptsAll, nil, nil, nil, nil, nil)
        (required, properties, allowsOtherProperties, items, alternatives) = ([], [:], true, nil, [])
        reference = nil
        return
      }
      guard let object = json.object else { throw malformed("a schema is an object or a boolean") }
      let known = isRoot ? Self.keywords.union(["$schema", "title", "$defs"]) : Self.keywords
      if let unknown = object.members.first(where: { !known.contains($0.key) }) {
        throw malformed("the keyword \"\(unknown.key)\" is not known here")
      }
      /// The value of a keyword, which must be of its kind.
      func value<Value>(_ keyword: String, _ read: (JSON) throws -> Value?) throws -> Value? {
        guard let json = object[keyword] else { return nil }
        guard let value = try read(json) else { throw malformed("the value of \"\(keyword)\" is malformed") }
        return value
      }
      func strings(_ json: JSON) -> [String]? {
        json.array.flatMap { $0.allSatisfy { $0.string != nil } ? $0.compactMap(\.string) : nil }
      }
      refusesAll = false
      _ = try value("description") { $0.string }
      type = try value("type") { $0.string.flatMap(ValueType.init) }
      let constant = try value("const") { $0 }
      values = try constant.map { [$0] } ?? value("enum") { $0.array }
      minimum = try value("minimum") { $0.number.flatMap(Int64.init(exactly:)) }
      maximum = try value("maximum") { $0.number.flatMap(Int64.init(exactly:)) }
      pattern = try value("pattern") { try $0.string.map(Pattern.init) }
      required = try value("required", strings) ?? []
      properties =
        try value("properties") { json in
          guard let members = json.object?.members else { return nil }
          return try Dictionary(
            members.map { ($0.key, try node($0.value, "properties/\($0.key)")) }, uniquingKeysWith: { $1 })
        } ?? [:]
      allowsOtherProperties = try value("additionalProperties") { $0.boolean } ?? true
      items = try value("items") { try node($0, "items") }
      alternatives =
        try value("anyOf") { json in
          guard let schemas = json.array, !schemas.isEmpty else { return nil }
          return try schemas.enumerated().map { try node($1, "anyOf/\($0)") }
        } ?? []
      reference = try value("$ref") { $0.string }.map { $0.hasPrefix("#") ? file + $0 : $0 }
      let undescribed = required.first { properties[$0] == nil && !allowsOtherProperties }
      if let undescribed { throw malformed("\"\(undescribed)\" is required, and no property") }
    }

    /// Its own and those of all schemas in it.
    var references: [String] {
      [reference].compactMap(\.self)
        + (Array(properties.values) + alternatives + [items].compactMap(\.self)).flatMap(\.references)
    }
  }
}

extension JSON {
  /// An integer, exactly: of 65 bits there are none in JSON that pmemctl prints.
  fileprivate var number: Int128? {
    switch self {
    case .integer(let number): Int128(number)
    case .unsigned(let number): Int128(number)
    case .string, .boolean, .array, .object: nil
    }
  }
}
