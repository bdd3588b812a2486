/// A hole in a region, in the region's own address space.
public struct Extent: Hashable, Sendable {
  /// From the region's start, bytes.
  public var offset: UInt64
  public var length: UInt64

  public init(offset: UInt64, length: UInt64) {
    self.offset = offset
    self.length = length
  }
}

extension Extent {
  public var end: UInt64 { offset + length }

  /// What two extents share; nil where that is nothing.
  public func intersection(_ other: Extent) -> Extent? {
    let start = max(offset, other.offset)
    let end = min(self.end, other.end)
    return start < end ? Extent(offset: start, length: end - start) : nil
  }

  /// Whether two extents have a byte in common.
  public func overlaps(_ other: Extent) -> Bool { intersection(other) != nil }

  /// What is left of it, in order, without another.
  public func subtracting(_ other: Extent) -> [Extent] {
    guard let shared = intersection(other) else { return [self] }
    let parts = [
      Extent(offset: offset, length: shared.offset - offset),
      Extent(offset: shared.end, length: end - shared.end),
    ]
    return parts.filter { $0.length > 0 }
  }
}

extension Region {
  /// The namespaces in the order of their addresses, with their offsets from the region's start; nil where
  /// addresses may not be read.
  public var placements: [(offset: UInt64, namespace: Namespace)]? {
    guard let resource else { return nil }
    var placements: [(offset: UInt64, namespace: Namespace)] = []
    for namespace in configuredNamespaces {
      guard let start = namespace.resource, start >= resource else { return nil }
      placements.append((start - resource, namespace))
    }
    return placements.sorted { $0.offset < $1.offset }
  }

  /// The holes that the kernel would allocate from, trimmed to the region's alignment as
  /// namespace_devs.c:space_valid does; nil where addresses may not be read. Empty for a label-less region.
  public var freeExtents: [Extent]? {
    guard isLabeled else { return [] }
    guard let placements, align > 0 else { return nil }
    var extents: [Extent] = []
    var cursor: UInt64 = 0
    func addHole(upTo end: UInt64) {
      guard let start = ByteCount(cursor).roundedUp(to: align)?.rawValue else { return }
      let trimmed = end - end % align
      if trimmed > start { extents.append(Extent(offset: start, length: trimmed - start)) }
    }
    for placement in placements {
      addHole(upTo: placement.offset)
      cursor = max(cursor, placement.offset + placement.namespace.rawSize.rawValue)
    }
    addHole(upTo: size.rawValue)
    return extents
  }
}
