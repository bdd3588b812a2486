public import PmemDevice

/// The offsets in a label storage area: two index blocks, then the slots (drivers/nvdimm/label.c).
public struct LabelLayout: Hashable, Sendable {
  public let version: LabelVersion
  /// Bytes of the whole area.
  public let areaSize: Int
  /// Bytes of one index block.
  public let indexSize: Int
  /// Labels that fit into the area, free ones included (label.c:nvdimm_num_label_slots).
  public let slotCount: Int

  static let indexAlign = 256
  static let indexHeader = 72

  /// Computes the layout; nil if the area cannot hold two index blocks and two labels.
  public init?(areaSize: Int, version: LabelVersion) {
    self.version = version
    self.areaSize = areaSize
    guard areaSize >= 1024 else { return nil }
    // label.c:nvdimm_num_label_slots sizes the index for the slots there would be without any index.
    let guess = Self.indexSize(slots: areaSize / version.labelSize)
    slotCount = (areaSize - guess * 2) / version.labelSize
    indexSize = Self.indexSize(slots: slotCount)
    guard slotCount >= 2, indexSize * 2 <= areaSize - slotCount * version.labelSize else { return nil }
  }

  private static func indexSize(slots: Int) -> Int {
    (indexHeader + (slots + 7) / 8 + indexAlign - 1) / indexAlign * indexAlign
  }

  /// From the area's start, bytes; a slot is counted from 0.
  public func offset(ofSlot slot: Int) -> Int { 2 * indexSize + slot * version.labelSize }
}
