/// Where a namespace lies in its region, and where it would lie with another size.
public struct NamespacePlace: Hashable, Sendable {
  /// From the region's start, bytes.
  public var offset: UInt64
  /// Bytes that it takes from the region (raw size).
  public var size: UInt64

  public init(offset: UInt64, size: UInt64) {
    self.offset = offset
    self.size = size
  }

  /// The place after growing (namespace_devs.c:scan_allocate): the first hole in the order of addresses that is large
  /// enough and touches it is taken from, the one before the namespace too, which moves its start.
  ///
  /// - Parameters:
  ///   - wanted: The new size, larger than the present one.
  ///   - holes: The free extents of the region, aligned, in the order of addresses.
  /// - Returns: The new place; nil where no hole beside it is large enough.
  public func grown(to wanted: UInt64, holes: [Extent]) -> NamespacePlace? {
    let more = wanted - size
    for hole in holes where hole.length >= more {
      if hole.offset + hole.length == offset { return NamespacePlace(offset: offset - more, size: wanted) }
      if hole.offset == offset + size { return NamespacePlace(offset: offset, size: wanted) }
    }
    return nil
  }
}
