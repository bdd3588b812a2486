import CYaml
import PmemDevice

/// A value of a YAML or JSON text, with its position.
struct LayoutText {
  indirect enum Content {
    /// The text of a scalar, and whether it was quoted.
    case scalar(String, isQuoted: Bool)
    case list([LayoutText])
    case map([(key: LayoutText, value: LayoutText)])
  }

  let content: Content
  let position: SourcePosition
  /// Of all that is in it, itself included, with aliases expanded.
  let cost: Cost

  /// The size of a value when every alias in it is expanded.
  struct Cost {
    var nodes = 1
    /// Of its scalars.
    var bytes = 0
    /// Levels of lists and maps; 0 for a scalar.
    var height = 0
  }

  /// Parses one document; JSON is YAML too. The cost of a small text is bounded: see ``LayoutComposer``.
  ///
  /// - Parameters:
  ///   - bytes: UTF-8.
  ///   - file: Its name, for messages.
  /// - Throws: ``DeviceError/Code/corrupt`` with line and column.
  init(parsing bytes: [UInt8], file: String) throws(DeviceError) {
    try LayoutComposer.checkSize(bytes, file: file)
    var parser = yaml_parser_t()
    guard yaml_parser_initialize(&parser) == 1 else { throw DeviceError(.failed, "out of memory") }
    defer { yaml_parser_delete(&parser) }
    let outcome = bytes.withUnsafeBufferPointer { buffer -> Result<LayoutText, DeviceError> in
      yaml_parser_set_input_string(&parser, buffer.baseAddress, buffer.count)
      yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING)
      var composer = LayoutComposer(file: file)
      do throws(DeviceError) { return .success(try composer.document(&parser)) } catch {
        return .failure(error)
      }
    }
    self = try outcome.get()
  }

  init(_ content: Content, _ position: SourcePosition, _ cost: Cost) {
    self.content = content
    self.position = position
    self.cost = cost
  }

  /// Its name in messages.
  var kind: String {
    switch content {
    case .scalar(let text, let isQuoted):
      (isQuoted ? "the text " : "") + "\"\(text.prefix(64))\(text.count > 64 ? "..." : "")\""
    case .list: "a list"
    case .map: "a group of keys"
    }
  }
}
