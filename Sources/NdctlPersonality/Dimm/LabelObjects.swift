import PmemDevice
import PmemMedia

/// A label area as `ndctl read-labels -j` prints it: every slot that has its own number, free or not.
struct LabelObjects {
  let style: NumberStyle
  let indexOnly: Bool

  /// Whether an index block is valid.
  static func isInitialized(_ area: [UInt8]) -> Bool { LabelStore(area).index != nil }

  /// The layout by the valid index block; of an area without one that of labels of 128 bytes, as ndctl assumes.
  private func layout(of area: [UInt8]) -> LabelLayout? {
    LabelStore(area).index?.layout ?? LabelLayout(areaSize: area.count, version: .v11)
  }

  /// Bytes of both index blocks.
  func indexBytes(of area: [UInt8]) -> Int { 2 * (layout(of: area)?.indexSize ?? 0) }

  /// - Returns: nil if there is no label to print.
  func of(_ area: [UInt8], dimm: String) -> LibraryObject? {
    guard let layout = layout(of: area) else { return nil }
    let fields = ByteFields(area)
    var object = LibraryObject()
    object.add("dev", dimm)
    object.add(
      "index", .array([0, layout.indexSize].map { .object(index(fields, at: $0)) }))
    guard !indexOnly else { return object }
    let size = layout.version.labelSize
    let labels = stride(from: 2 * layout.indexSize, through: area.count - size, by: size).enumerated()
      .filter { slot, offset in fields.u32(offset + 120) == UInt32(slot) }
      .map { label(fields, at: $1, layout.version) }
    guard !labels.isEmpty else { return nil }
    object.add("label", .array(labels.map(LibraryJSON.object)))
    return object
  }

  private func index(_ fields: ByteFields, at offset: Int) -> LibraryObject {
    var object = LibraryObject()
    object.add("signature", Self.text(fields.slice(offset, 15)))
    object.add("major", Int(fields.u16(offset + 60)))
    object.add("minor", Int(fields.u16(offset + 62)))
    object.add("labelsize", 1 << (7 + min(24, fields.integer(at: offset + 19, width: 1))))
    object.add("seq", Int(Int32(bitPattern: fields.u32(offset + 20))))
    object.add("nslot", Int(Int32(bitPattern: fields.u32(offset + 56))))
    return object
  }

  private func label(_ fields: ByteFields, at offset: Int, _ version: LabelVersion) -> LibraryObject {
    var object = LibraryObject()
    object.add("uuid", Self.uuid(fields, offset))
    object.add("name", Self.text(fields.slice(offset + 16, 63)))
    object.add("slot", Int(Int32(bitPattern: fields.u32(offset + 120))))
    object.add("position", Int(fields.u16(offset + 86)))
    object.add("nlabel", Int(fields.u16(offset + 84)))
    object.add("flags", style.identifier(UInt64(fields.u32(offset + 80))))
    object.add("isetcookie", style.identifier(fields.u64(offset + 88)))
    object.add("lbasize", fields.u64(offset + 96))
    object.add("dpa", style.identifier(fields.u64(offset + 104)))
    object.add("rawsize", style.size(fields.u64(offset + 112)))
    guard version == .v12 else { return object }
    object.add("type_guid", Self.uuid(fields, offset + 128))
    object.add("abstraction_guid", Self.uuid(fields, offset + 144))
    return object
  }

  private static func text(_ bytes: [UInt8]) -> String {
    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }

  private static func uuid(_ fields: ByteFields, _ offset: Int) -> String {
    (DeviceUUID(bytes: fields.slice(offset, 16)) ?? .null).description
  }
}
