/// Bytes, as extents in order that do not touch each other: memory is in proportion to those, not to the bytes.
public struct ExtentSet: Hashable, Sendable {
  public private(set) var extents: [Extent] = []

  public init() {}

  public var isEmpty: Bool { extents.isEmpty }

  /// How many bytes.
  public var length: UInt64 { extents.reduce(0) { $0 + $1.length } }

  public func intersects(_ extent: Extent) -> Bool { extents.contains { $0.overlaps(extent) } }

  /// Whether all of an extent is in it.
  public func contains(_ extent: Extent) -> Bool {
    extents.contains { $0.intersection(extent) == extent } || extent.length == 0
  }

  public mutating func insert(_ extent: Extent) {
    guard extent.length > 0 else { return }
    var whole = extent
    var rest: [Extent] = []
    for old in extents {
      guard old.offset <= whole.end, whole.offset <= old.end else {
        rest.append(old)
        continue
      }
      let first = min(old.offset, whole.offset)
      whole = Extent(offset: first, length: max(old.end, whole.end) - first)
    }
    let place = rest.firstIndex { $0.offset > whole.offset } ?? rest.endIndex
    rest.insert(whole, at: place)
    extents = rest
  }

  public mutating func remove(_ extent: Extent) {
    extents = extents.flatMap { $0.subtracting(extent) }
  }

  /// What of it is in a range, counted from the range's start.
  public func part(_ range: Range<UInt64>) -> ExtentSet {
    let window = Extent(offset: range.lowerBound, length: UInt64(range.count))
    var part = ExtentSet()
    part.extents = extents.compactMap { $0.intersection(window) }.map {
      Extent(offset: $0.offset - range.lowerBound, length: $0.length)
    }
    return part
  }
}
