import PmemDevice

/// Unreadable ranges of devices.
extension MemoryModel {
  /// Whether a part of a DAX mapping lies on bad blocks: touching it is a machine check.
  package func isBad(_ mapping: MemoryMapping, _ range: Range<UInt64>) -> Bool {
    guard mapping.isDAX, devices.contains(where: { !$0.badBlocks.isEmpty }) else { return false }
    let source = mapping.offset + range.lowerBound..<mapping.offset + range.upperBound
    return pieces(mapping.source.volume, extents(mapping.source, source)).contains { firstBad($0) != nil }
  }

  /// The first bad block of a piece, in bytes from the piece's start; nil if it has none.
  package func firstBad(_ piece: DeviceExtent) -> UInt64? {
    guard let device = device(piece.device), !device.badBlocks.isEmpty else { return nil }
    return device.badBlocks.extents.lazy.compactMap { $0.intersection(piece.extent) }.first.map {
      $0.offset - piece.extent.offset
    }
  }
}
