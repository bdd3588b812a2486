import PmemDevice
import PmemOutput

extension TableCell {
  /// A number of bytes; nil for nothing to show.
  static func bytes(_ bytes: UInt64?) -> TableCell { bytes.map { .amount($0, "\(ByteCount($0))") } ?? .none }

  static func bytes(_ bytes: ByteCount?) -> TableCell { self.bytes(bytes?.rawValue) }

  /// A text; nil for nothing to show.
  static func text(optional text: String?) -> TableCell { text.map(TableCell.text) ?? .none }
}
