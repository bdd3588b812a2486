import CYaml
import PmemDevice

/// A value of a YAML or JSON text, and where it is.
struct LayoutText {
  indirect enum Content {
    /// The text of a scalar, and whether it was quoted.
    case scalar(String, isQuoted: Bool)
    case list([LayoutText])
    case map([(key: LayoutText, value: LayoutText)])
  }

  let content: Content
  let place: SourcePlace

  /// What a document may hold at most: aliases could make it endless.
  private static let mostNodes = 200_000
  private static let deepest = 32

  /// Reads one document; JSON is YAML too.
  ///
  /// - Parameters:
  ///   - bytes: UTF-8.
  ///   - file: Its name, for messages.
  /// - Throws: ``DeviceError/Code/corrupt`` with the place.
  init(parsing bytes: [UInt8], file: String) throws(DeviceError) {
    var parser = yaml_parser_t()
    guard yaml_parser_initialize(&parser) == 1 else { throw DeviceError(.failed, "out of memory") }
    defer { yaml_parser_delete(&parser) }
    let outcome = bytes.withUnsafeBufferPointer { buffer -> Result<LayoutText, DeviceError> in
      yaml_parser_set_input_string(&parser, buffer.baseAddress, buffer.count)
      yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING)
      do throws(DeviceError) { return .success(try Self.document(&parser, file)) } catch {
        return .failure(error)
      }
    }
    self = try outcome.get()
  }

  private init(_ content: Content, _ place: SourcePlace) {
    self.content = content
    self.place = place
  }

  private static func document(_ parser: inout yaml_parser_t, _ file: String) throws(DeviceError)
    -> LayoutText
  {
    var document = yaml_document_t()
    guard yaml_parser_load(&parser, &document) == 1 else { throw failure(parser, file) }
    defer { yaml_document_delete(&document) }
    guard let root = yaml_document_get_root_node(&document) else {
      throw DeviceError(
        .corrupt, "\(file):1:1: it is empty", details: ["what it holds is told by: pmemctl layout schema"])
    }
    var left = mostNodes
    let text = try node(root, &document, file, depth: 0, &left)
    var next = yaml_document_t()
    guard yaml_parser_load(&parser, &next) == 1 else { throw failure(parser, file) }
    defer { yaml_document_delete(&next) }
    if let second = yaml_document_get_root_node(&next) {
      throw DeviceError(
        .corrupt, "\(place(second.pointee.start_mark, file).text): one document is expected, not two")
    }
    return text
  }

  private static func failure(_ parser: yaml_parser_t, _ file: String) -> DeviceError {
    let reason = parser.problem.map { String(cString: $0) } ?? "it cannot be read"
    let mark = parser.problem_mark
    return DeviceError(.corrupt, "\(place(mark, file).text): \(reason)")
  }

  private static func place(_ mark: yaml_mark_t, _ file: String) -> SourcePlace {
    SourcePlace(file: file, line: Int(mark.line) + 1, column: Int(mark.column) + 1)
  }

  private static func node(
    _ node: UnsafeMutablePointer<yaml_node_t>, _ document: inout yaml_document_t, _ file: String, depth: Int,
    _ left: inout Int
  ) throws(DeviceError) -> LayoutText {
    let place = place(node.pointee.start_mark, file)
    left -= 1
    guard depth < deepest, left > 0 else {
      throw DeviceError(.corrupt, "\(place.text): nested too deep, or too large")
    }
    switch node.pointee.type {
    case YAML_SCALAR_NODE:
      let scalar = node.pointee.data.scalar
      let text = String(
        decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
      return LayoutText(.scalar(text, isQuoted: scalar.style != YAML_PLAIN_SCALAR_STYLE), place)
    case YAML_SEQUENCE_NODE:
      var items: [LayoutText] = []
      var item = node.pointee.data.sequence.items.start
      while let current = item, current < node.pointee.data.sequence.items.top {
        if let child = yaml_document_get_node(&document, current.pointee) {
          items.append(try self.node(child, &document, file, depth: depth + 1, &left))
        }
        item = current + 1
      }
      return LayoutText(.list(items), place)
    default:
      var pairs: [(key: LayoutText, value: LayoutText)] = []
      var pair = node.pointee.data.mapping.pairs.start
      while let current = pair, current < node.pointee.data.mapping.pairs.top {
        if let key = yaml_document_get_node(&document, current.pointee.key),
          let value = yaml_document_get_node(&document, current.pointee.value)
        {
          pairs.append(
            (
              try self.node(key, &document, file, depth: depth + 1, &left),
              try self.node(value, &document, file, depth: depth + 1, &left)
            ))
        }
        pair = current + 1
      }
      return LayoutText(.map(pairs), place)
    }
  }

  /// What it is, for messages.
  var kind: String {
    switch content {
    case .scalar(let text, let isQuoted): isQuoted ? "the text \"\(text)\"" : "\"\(text)\""
    case .list: "a list"
    case .map: "a group of keys"
    }
  }
}
