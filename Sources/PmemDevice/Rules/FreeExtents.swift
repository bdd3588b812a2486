extension Region {
  /// The namespaces in the order of their addresses, with their offsets from the region's start; nil if addresses may
  /// not be read.
  public var placements: [(offset: UInt64, namespace: Namespace)]? {
    guard let resource else { return nil }
    var placements: [(offset: UInt64, namespace: Namespace)] = []
    for namespace in configuredNamespaces {
      guard let start = namespace.resource, start >= resource else { return nil }
      placements.append((start - resource, namespace))
    }
    return placements.sorted { $0.offset < $1.offset }
  }

  /// The holes that the kernel would allocate from, trimmed to the region's alignment as namespace_devs.c:space_valid
  /// does; nil if addresses may not be read. Empty for a label-less region.
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
