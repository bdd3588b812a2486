/// Bytes, as extents in order that do not touch each other: memory is in proportion to those, not to the bytes.
public struct ExtentSet: Hashable, Sendable {
  public private(set) var extents: [Extent] = []

  public init() {}

  public var isEmpty: Bool { extents.isEmpty }

  /// How many bytes.
  public var length: UInt64 { extents.reduce(0) { $0 + $1.length } }

  /// Index of the first extent that ends at `offset` or behind it.
  private func index(endingFrom offset: UInt64) -> Int {
    var low = 0
    var high = extents.count
    while low < high {
      let middle = (low + high) / 2
      if extents[middle].end >= offset { high = middle } else { low = middle + 1 }
    }
    return low
  }

  /// Whether any byte is in both.
  public func intersects(_ extent: Extent) -> Bool {
    let near = extents[index(endingFrom: extent.offset)...]
    return near.prefix { $0.offset < extent.end }.contains { $0.overlaps(extent) }
  }

  /// Whether all of an extent is in it.
  public func contains(_ extent: Extent) -> Bool {
    guard extent.length > 0 else { return true }
    let near = extents[index(endingFrom: extent.offset)...]
    return near.prefix(2).contains { $0.intersection(extent) == extent }
  }

  /// Adds a range; what it touches or overlaps becomes one with it.
  public mutating func insert(_ extent: Extent) {
    guard extent.length > 0 else { return }
    let first = index(endingFrom: extent.offset)
    var last = first
    var whole = extent
    while last < extents.count, extents[last].offset <= extent.end {
      let start = min(extents[last].offset, whole.offset)
      whole = Extent(offset: start, length: max(extents[last].end, whole.end) - start)
      last += 1
    }
    extents.replaceSubrange(first..<last, with: CollectionOfOne(whole))
  }

  /// Takes a range out, wherever extents begin and end.
  public mutating func remove(_ extent: Extent) {
    extents = extents.flatMap { $0.subtracting(extent) }
  }

  /// The part of it in a range, counted from the range's start.
  public func part(_ range: Range<UInt64>) -> ExtentSet {
    let window = Extent(offset: range.lowerBound, length: UInt64(range.count))
    var part = ExtentSet()
    part.extents = extents.compactMap { $0.intersection(window) }.map {
      Extent(offset: $0.offset - range.lowerBound, length: $0.length)
    }
    return part
  }
}
