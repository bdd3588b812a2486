import PmemDevice

/// Offsets in struct page and struct folio from which pins are computed (include/linux/mm_types.h), from the kernel's
/// BTF.
struct PageLayout {
  /// Of one struct page, bytes.
  let size: Int
  let flags: Int
  let references: Int
  let mapcount: Int
  let mapping: Int
  let index: Int
  /// The flag of the first page of several that count as one.
  let headBit: UInt64
  /// The offset in the second page of the folio's order: one byte, of `_flags_1` since 6.6.
  let order: Int
  /// From the first page, in the second.
  let pins: Int
  /// nil if mappings are not counted (until 6.14).
  let largeMapcount: Int?

  static let structures = ["page", "folio", "pageflags"]

  init(_ types: KernelTypes) throws(Unavailable) {
    var missing: String?
    func offset(_ choices: (String, String)...) -> Int {
      for (structure, member) in choices {
        if let offset = types.offset(structure, member) { return offset }
      }
      missing = choices.first.map { "\($0.0).\($0.1)" }
      return 0
    }
    size = types.size("page") ?? 0
    flags = offset(("page", "flags"))
    references = offset(("page", "_refcount"))
    mapcount = offset(("page", "_mapcount"))
    mapping = offset(("page", "mapping"))
    index = offset(("page", "index"), ("page", "__folio_index"))
    order = offset(("folio", "_folio_order"), ("folio", "_flags_1"))
    pins = offset(("folio", "_pincount"))
    largeMapcount = types.offset("folio", "_large_mapcount")
    headBit = types.value("pageflags", "PG_head").map { 1 << UInt64($0) } ?? 0
    if let missing { throw Unavailable("this kernel has no \(missing)") }
    guard headBit != 0, size * 2 == KernelMemory.element, pins + 4 <= 2 * size else {
      throw Unavailable("this kernel's struct page is unknown")
    }
  }
}
