/// A field of a structure on the media: its name there, and where it is, in bytes.
struct DamagedField {
  let name: String
  let offset: Int
  let width: Int

  private init(_ name: String, _ offset: Int, _ width: Int) {
    (self.name, self.offset, self.width) = (name, offset, width)
  }

  /// linux: drivers/nvdimm/label.h:struct nd_namespace_index.
  static let index = [
    DamagedField("sig", 0, 1), DamagedField("labelsize", 19, 1), DamagedField("seq", 20, 4),
    DamagedField("myoff", 24, 8), DamagedField("mysize", 32, 8), DamagedField("otheroff", 40, 8),
    DamagedField("labeloff", 48, 8), DamagedField("nslot", 56, 4), DamagedField("major", 60, 2),
    DamagedField("minor", 62, 2), DamagedField("checksum", 64, 8), DamagedField("free", 72, 1),
    DamagedField("free", 73, 1),
  ]

  /// linux: drivers/nvdimm/label.h:struct nvdimm_efi_label; one of 128 bytes has no more than the first part.
  static func label(size: Int) -> [DamagedField] {
    let first = [
      DamagedField("uuid", 0, 8), DamagedField("name", 16, 8), DamagedField("flags", 80, 4),
      DamagedField("nlabel", 84, 2), DamagedField("position", 86, 2), DamagedField("isetcookie", 88, 8),
      DamagedField("lbasize", 96, 8), DamagedField("dpa", 104, 8), DamagedField("rawsize", 112, 8),
      DamagedField("slot", 120, 4),
    ]
    guard size > 128 else { return first }
    return first + [DamagedField("type_guid", 128, 8), DamagedField("abstraction_guid", 144, 8)]
  }

  /// linux: drivers/nvdimm/pfn.h:struct nd_pfn_sb.
  static let pfn = [
    DamagedField("signature", 0, 2), DamagedField("uuid", 16, 8), DamagedField("parent_uuid", 32, 8),
    DamagedField("flags", 48, 4), DamagedField("version_major", 52, 2), DamagedField("version_minor", 54, 2),
    DamagedField("dataoff", 56, 8), DamagedField("npfns", 64, 8), DamagedField("mode", 72, 4),
    DamagedField("start_pad", 76, 4), DamagedField("end_trunc", 80, 4), DamagedField("align", 84, 4),
    DamagedField("page_size", 88, 4), DamagedField("page_struct_size", 92, 2),
    DamagedField("checksum", 4088, 8),
  ]

  /// linux: drivers/nvdimm/btt.h:struct btt_sb.
  static let btt = [
    DamagedField("signature", 0, 2), DamagedField("uuid", 16, 8), DamagedField("parent_uuid", 32, 8),
    DamagedField("flags", 48, 4), DamagedField("version_major", 52, 2), DamagedField("version_minor", 54, 2),
    DamagedField("external_lbasize", 56, 4), DamagedField("external_nlba", 60, 4),
    DamagedField("internal_lbasize", 64, 4), DamagedField("internal_nlba", 68, 4),
    DamagedField("nfree", 72, 4), DamagedField("infosize", 76, 4), DamagedField("nextoff", 80, 8),
    DamagedField("dataoff", 88, 8), DamagedField("mapoff", 96, 8), DamagedField("logoff", 104, 8),
    DamagedField("info2off", 112, 8), DamagedField("checksum", 4088, 8),
  ]
}
