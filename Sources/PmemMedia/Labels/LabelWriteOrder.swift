import PmemDevice

/// The order in which a whole label area is written: slots first, index blocks last. If it is cut short, the old index is
/// still in force; its labels are there if the new ones went to slots that were free, as ``LabelEdit`` puts them.
///
/// An area without an index block is written from its start: the old index must not stay in force over lost slots, and
/// the labels that an interruption leaves can still be found.
public struct LabelWriteOrder: Hashable, Sendable {
  /// Ranges of bytes that cover the area, the first to be written first.
  public let parts: [Range<Int>]

  /// - Parameter area: As it will be.
  public init(_ area: [UInt8]) {
    let slots = LabelStore(area).layout.map { 2 * $0.indexSize }
    guard let slots, slots < area.count else {
      parts = area.isEmpty ? [] : [area.indices]
      return
    }
    parts = [slots..<area.count, 0..<slots]
  }
}
