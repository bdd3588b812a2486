/// Text of the kernel's that may be any bytes: names of files and of commands.
public struct RawText: Hashable, Sendable {
  /// Without a zero byte, of any encoding.
  public let bytes: [UInt8]

  public init(_ bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }

  public init(_ text: String) { bytes = Array(text.utf8) }

  /// For people; bytes that are not UTF-8 become U+FFFD.
  public var text: String { String(decoding: bytes, as: UTF8.self) }

  /// The exact text; nil if the bytes are not UTF-8.
  public var exact: String? { String(validating: bytes, as: UTF8.self) }
}

extension RawText: CustomStringConvertible {
  public var description: String { text }
}
