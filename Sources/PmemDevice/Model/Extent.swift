/// A hole in a region, in the region's own address space.
public struct Extent: Hashable, Sendable {
  /// From the region's start, bytes.
  public var offset: UInt64
  /// Bytes.
  public var length: UInt64

  public init(offset: UInt64, length: UInt64) {
    self.offset = offset
    self.length = length
  }
}

extension Extent {
  /// The first byte behind it.
  public var end: UInt64 { offset + length }

  /// The intersection of two extents; nil if it is empty.
  public func intersection(_ other: Extent) -> Extent? {
    let start = max(offset, other.offset)
    let end = min(self.end, other.end)
    return start < end ? Extent(offset: start, length: end - start) : nil
  }

  /// Whether two extents have a byte in common.
  public func overlaps(_ other: Extent) -> Bool { intersection(other) != nil }

  /// The rest of it, in order, without another.
  public func subtracting(_ other: Extent) -> [Extent] {
    guard let shared = intersection(other) else { return [self] }
    let parts = [
      Extent(offset: offset, length: shared.offset - offset),
      Extent(offset: shared.end, length: end - shared.end),
    ]
    return parts.filter { $0.length > 0 }
  }
}
