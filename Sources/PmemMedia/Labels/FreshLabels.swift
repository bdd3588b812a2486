public import PmemDevice

/// A label area with fresh index blocks, every slot free, in which no index block of any other format is left: an old one
/// would win, since the kernel looks for labels of 128 bytes first (label.c:nd_label_validate).
///
/// Slots are not cleared: their content is ignored, and may be all that is left of namespaces.
public struct FreshLabels: Hashable, Sendable {
  /// The whole area after each write, in the order of writing. A cut between two leaves an area without labels.
  public let stages: [[UInt8]]

  /// Nil if the area is too small for any.
  ///
  /// - Parameters:
  ///   - area: As it is.
  ///   - version: The format to write.
  public init?(over area: [UInt8], version: LabelVersion) {
    guard let layout = LabelLayout(areaSize: area.count, version: version) else { return nil }
    var cleared = area
    for block in Self.indexBlocks(area.count) {
      cleared.replaceSubrange(block, with: [UInt8](repeating: 0, count: block.count))
    }
    var fresh = cleared
    for copy in 0...1 {
      // As label.c:init_labels: sequence 3, then 2, the first in force.
      let index = LabelIndex(layout: layout, copy: copy, sequence: UInt32(3 - copy))
      fresh.replaceSubrange(
        copy * layout.indexSize..<(copy + 1) * layout.indexSize, with: index.encoded)
    }
    stages = [cleared, fresh]
  }

  /// Offsets of index blocks of any version in an area.
  private static func indexBlocks(_ size: Int) -> [Range<Int>] {
    LabelVersion.allCases.compactMap { LabelLayout(areaSize: size, version: $0) }.map { 0..<2 * $0.indexSize }
  }
}
