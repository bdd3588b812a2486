import PmemDevice
import PmemMedia

/// The info blocks in the first 8 KiB of a namespace, as `ndctl read-infoblock -j` prints them.
struct InfoBlockObjects {
  /// The bytes read, printed raw.
  static let size = 8192

  let style: NumberStyle
  /// Whether a block with a wrong checksum, or of another namespace, is left out.
  let verifies: Bool

  /// - Parameters:
  ///   - bytes: ``size`` of them.
  ///   - source: `dev` or `file`, and which.
  ///   - parent: The UUID of the namespace's label; nil for a file and for a label-less one.
  /// - Returns: In ndctl's order; empty if there is no block.
  func all(_ bytes: [UInt8], source: (key: String, name: String), parent: DeviceUUID?) -> [LibraryObject] {
    let second = ByteFields(Array(bytes.dropFirst(4096)))
    let first = ByteFields(Array(bytes.prefix(4096)))
    var objects: [LibraryObject] = []
    for fields in [second, first] where Self.signature(fields, 14) == "BTT_ARENA_INFO" {
      add(fields, source, parent, &objects, content: addBtt)
    }
    for kind in ["NVDIMM_PFN_INFO", "NVDIMM_DAX_INFO"] where Self.signature(second, 15) == kind {
      add(second, source, parent, &objects, content: addPfn)
    }
    return objects
  }

  private static func signature(_ fields: ByteFields, _ count: Int) -> String {
    String(decoding: fields.bytes.prefix(count), as: UTF8.self)
  }

  private func add(
    _ fields: ByteFields, _ source: (key: String, name: String), _ parent: DeviceUUID?,
    _ objects: inout [LibraryObject], content: (ByteFields, inout LibraryObject) -> Void
  ) {
    if verifies {
      let isSound = fields.checksum(excluding: Self.checksum) == fields.integer(at: Self.checksum, width: 8)
      // ndctl compares one byte of the UUID here.
      guard isSound, parent == nil || parent?.isNull == true || parent == uuid(fields, 32) else { return }
    }
    var object = LibraryObject()
    object.add(source.key, source.name)
    object.add("signature", Self.text(fields.bytes.prefix(16)))
    object.add("uuid", (uuid(fields, 16) ?? .null).description)
    object.add("parent_uuid", (uuid(fields, 32) ?? .null).description)
    object.add("flags", style.identifier(fields.integer(at: 48, width: 4)))
    object.add("version", "\(fields.integer(at: 52, width: 2)).\(fields.integer(at: 54, width: 2))")
    content(fields, &object)
    objects.append(object)
  }

  private static let checksum = 4088

  private static func text(_ bytes: ArraySlice<UInt8>) -> String {
    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }

  private func uuid(_ fields: ByteFields, _ offset: Int) -> DeviceUUID? {
    DeviceUUID(bytes: Array(fields.bytes[offset..<offset + 16]))
  }

  private func addBtt(_ fields: ByteFields, to object: inout LibraryObject) {
    let names = [
      "external_lbasize", "external_nlba", "internal_lbasize", "internal_nlba", "nfree", "infosize",
    ]
    for (index, name) in names.enumerated() {
      object.add(
        name, Int(truncatingIfNeeded: Int32(truncatingIfNeeded: fields.integer(at: 56 + 4 * index, width: 4)))
      )
    }
    for (index, name) in ["nextoff", "dataoff", "mapoff", "logoff", "info2off"].enumerated() {
      object.add(name, style.identifier(fields.integer(at: 80 + 8 * index, width: 8)))
    }
  }

  private func addPfn(_ fields: ByteFields, to object: inout LibraryObject) {
    object.add("dataoff", style.identifier(fields.integer(at: 56, width: 8)))
    object.add("npfns", style.identifier(fields.integer(at: 64, width: 8)))
    object.add("mode", Int(fields.integer(at: 72, width: 4)))
    object.add("start_pad", style.identifier(fields.integer(at: 76, width: 4)))
    object.add("end_trunc", style.identifier(fields.integer(at: 80, width: 4)))
    object.add("align", style.identifier(fields.integer(at: 84, width: 4)))
    object.add("page_size", style.identifier(fields.integer(at: 88, width: 4)))
    object.add("page_struct_size", style.identifier(fields.integer(at: 92, width: 2)))
  }
}
