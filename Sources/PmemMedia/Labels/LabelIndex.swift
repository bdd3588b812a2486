public import PmemDevice

/// A namespace index block: `struct nd_namespace_index` in drivers/nvdimm/label.h (UEFI
/// "EFI_NVDIMM_LABEL_INDEX_BLOCK").
public struct LabelIndex: Hashable, Sendable {
  /// 16 bytes, the last of them zero.
  public static let signature: [UInt8] = Array("NAMESPACE_INDEX\0".utf8)

  public let layout: LabelLayout
  /// 0 or 1: which of the two copies.
  public let copy: Int
  /// 1, 2, 3, 1, ...: the later of two valid copies is in force.
  public var sequence: UInt32
  /// One per slot; true: free.
  public var free: [Bool]
  /// Which of a set's cookies its labels carry: the old one if the block itself is of version 1.1, whatever the size of
  /// its labels (region_devs.c:nd_region_interleave_set_cookie).
  public let cookieVersion: LabelVersion
  /// Whether it names more slots than the area has, and the kernel takes it all the same: it then reads beyond the area, and the
  /// DIMM's driver fails (label.c:nd_label_data_init).
  let isBeyondArea: Bool

  /// A fresh index with every slot free.
  public init(layout: LabelLayout, copy: Int, sequence: UInt32) {
    self.layout = layout
    self.copy = copy
    self.sequence = sequence
    cookieVersion = layout.version
    isBeyondArea = false
    free = [Bool](repeating: true, count: layout.slotCount)
  }

  /// Reads and validates copy 0 or 1 as label.c:__nd_label_validate does.
  ///
  /// - Parameters:
  ///   - bytes: The block.
  ///   - copy: Which of the two it is.
  ///   - layout: Of the area.
  ///   - isBounded: As `KernelRules.boundsMediaNumbers`.
  /// - Throws: What is wrong with it.
  public init(
    _ bytes: [UInt8], copy: Int, layout: LabelLayout, isBounded: Bool = true
  ) throws(MediaError) {
    let need = layout.indexSize
    guard bytes.count >= need else { throw .truncated(need: need, have: bytes.count) }
    let fields = ByteFields(Array(bytes.prefix(need)))
    guard fields.slice(0, 16) == Self.signature else { throw .signature }
    let major = fields.u16(60)
    let minor = fields.u16(62)
    let labelSizeCode = fields.integer(at: 19, width: 1)
    if UInt32(major) * 100 + UInt32(minor) >= 102 {
      guard labelSizeCode <= 1 || !isBounded else { throw .field("labelsize", labelSizeCode) }
      // x86 shifts by the lowest five bits.
      guard UInt32(1) << ((7 + UInt32(labelSizeCode)) & 31) == UInt32(layout.version.labelSize) else {
        throw .version(major: major, minor: minor)
      }
    } else {
      guard layout.version == .v11 else { throw .version(major: major, minor: minor) }
    }
    let computed = fields.checksum(excluding: 64)
    guard computed == fields.u64(64) else { throw .checksum(stored: fields.u64(64), computed: computed) }
    self.layout = layout
    self.copy = copy
    cookieVersion = major == 1 && minor == 1 ? .v11 : .v12
    sequence = fields.u32(20) & 3
    guard sequence != 0 else { throw .field("seq", UInt64(fields.u32(20))) }
    let own = UInt64(copy * layout.indexSize)
    let other = UInt64((1 - copy) * layout.indexSize)
    guard fields.u64(24) == own else { throw .field("myoff", fields.u64(24)) }
    guard fields.u64(40) == other else { throw .field("otheroff", fields.u64(40)) }
    guard fields.u64(48) == UInt64(2 * layout.indexSize) else { throw .field("labeloff", fields.u64(48)) }
    let size = fields.u64(32)
    guard size >= UInt64(LabelLayout.indexHeader), size <= UInt64(layout.indexSize) else {
      throw .field("mysize", size)
    }
    let slots = fields.u32(56)
    let size32 = slots &* UInt32(layout.version.labelSize)
    let (labels, room) = (
      UInt64(slots) * UInt64(layout.version.labelSize), UInt64(layout.areaSize - 2 * layout.indexSize)
    )
    guard isBounded ? labels <= room : UInt64(size32) <= room else { throw .field("nslot", UInt64(slots)) }
    isBeyondArea = labels > room
    let bitmap = fields.bytes[LabelLayout.indexHeader...]
    free = (0..<min(Int(slots), layout.slotCount, bitmap.count * 8)).map { slot in
      bitmap[bitmap.startIndex + slot / 8] & (1 << UInt8(slot % 8)) != 0
    }
  }

  /// The block with its checksum, ``LabelLayout/indexSize`` bytes.
  public var encoded: [UInt8] {
    var fields = ByteFields(count: layout.indexSize)
    fields.set(Self.signature, at: 0)
    fields.set(layout.version.labelSize >> 8, at: 19, width: 1)
    fields.set(sequence, at: 20, width: 4)
    fields.set(copy * layout.indexSize, at: 24, width: 8)
    fields.set(layout.indexSize, at: 32, width: 8)
    fields.set((1 - copy) * layout.indexSize, at: 40, width: 8)
    fields.set(2 * layout.indexSize, at: 48, width: 8)
    fields.set(free.count, at: 56, width: 4)
    fields.set(1, at: 60, width: 2)
    fields.set(layout.version == .v11 ? 1 : 2, at: 62, width: 2)
    for (slot, isFree) in free.enumerated() where isFree {
      fields.bytes[LabelLayout.indexHeader + slot / 8] |= 1 << UInt8(slot % 8)
    }
    fields.set(fields.checksum(excluding: 64), at: 64, width: 8)
    return fields.bytes
  }

  /// The sequence number that follows (label.c:nd_inc_seq).
  public static func next(_ sequence: UInt32) -> UInt32 { [0, 2, 3, 1][Int(sequence & 3)] }

  /// Which of two valid copies is in force (label.c:best_seq and its caller).
  public static func current(_ first: LabelIndex, _ second: LabelIndex) -> LabelIndex {
    if first.sequence == second.sequence { return second }
    return next(first.sequence) == second.sequence ? second : first
  }
}
