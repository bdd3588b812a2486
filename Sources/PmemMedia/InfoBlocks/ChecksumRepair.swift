import PmemDevice

/// Finds the original of a structure of which one 32-bit word was damaged, by the Fletcher64 that it contains. The 64
/// bits of the sum determine the word and its value, except a few of its highest bits. Small changes of two words can
/// add up to the change of a third: other knowledge of the structure must rule that out.
enum ChecksumRepair {
  /// The possible originals of the structure.
  ///
  /// - Parameters:
  ///   - bytes: As they are, a multiple of four.
  ///   - offset: The offset of the checksum, which counts as zero in the sum.
  ///   - isPlausible: Other knowledge of the structure.
  /// - Returns: The only one that is plausible; nil if the sum is right, or if there is none, or more than one.
  static func repaired(
    _ bytes: [UInt8], checksumAt offset: Int, where isPlausible: ([UInt8]) -> Bool
  ) -> [UInt8]? {
    let fields = ByteFields(bytes)
    let stored = fields.u64(offset)
    let computed = fields.checksum(excluding: offset)
    guard stored != computed, bytes.count % 4 == 0 else { return nil }
    let low = UInt32(truncatingIfNeeded: stored) &- UInt32(truncatingIfNeeded: computed)
    let high = UInt32(truncatingIfNeeded: stored >> 32) &- UInt32(truncatingIfNeeded: computed >> 32)
    var found: [[UInt8]] = []
    // One half of the sum is right: the other was damaged, for a change of a word shows in both.
    if low == 0 || high == 0 {
      var sealed = fields
      sealed.set(computed, at: offset, width: 8)
      if isPlausible(sealed.bytes) { found.append(sealed.bytes) }
    }
    // A word's change adds itself to the low half, and as many times itself to the high half as sums follow.
    let words = bytes.count / 4
    for word in 0..<words where low != 0 && !(offset..<offset + 8).contains(word * 4) {
      guard low &* UInt32(words - word) == high else { continue }
      var changed = fields
      changed.set(fields.u32(word * 4) &+ low, at: word * 4, width: 4)
      if isPlausible(changed.bytes) { found.append(changed.bytes) }
    }
    return found.count == 1 ? found[0] : nil
  }
}

extension NamespaceLabel {
  /// The original of a damaged label of version 1.2, if its checksum proves it.
  ///
  /// - Parameters:
  ///   - bytes: Of the label.
  ///   - slot: The slot that it is in.
  ///   - cookie: Of the set; nil if it is not known.
  ///   - type: Of the region's memory.
  /// - Returns: nil if more than one 32-bit word was damaged.
  static func repaired(
    _ bytes: [UInt8], slot: Int, cookie: UInt64?, type: DeviceUUID
  ) -> NamespaceLabel? {
    func label(_ bytes: [UInt8]) -> NamespaceLabel? {
      guard let label = try? NamespaceLabel(bytes, slot: slot, version: .v12),
        label.encoded(version: .v12) == bytes, !label.uuid.isNull, label.isOf(type: type),
        label.position < label.labelCount, cookie == nil || label.setCookie == cookie,
        label.flags & ~updating == 0, [0, 512, 4096].contains(label.sectorSize),
        label.rawSize > 0, label.rawSize % 4096 == 0, label.dpa % 4096 == 0
      else { return nil }
      return label
    }
    return ChecksumRepair.repaired(bytes, checksumAt: checksumOffset) { label($0) != nil }.flatMap(label)
  }
}

extension PfnInfoBlock {
  /// The original of a damaged info block, if its checksum proves it.
  ///
  /// - Parameter bytes: Of the block.
  /// - Returns: nil if more than one 32-bit word was damaged.
  public static func repaired(_ bytes: [UInt8]) -> PfnInfoBlock? {
    func block(_ bytes: [UInt8]) -> PfnInfoBlock? {
      guard let block = try? PfnInfoBlock(bytes), block.encoded == bytes else { return nil }
      return block
    }
    return ChecksumRepair.repaired(Array(bytes.prefix(size)), checksumAt: checksumOffset) { block($0) != nil }
      .flatMap(block)
  }
}
