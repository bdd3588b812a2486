/// The extent of a namespace in its region, and the one that it would have with another size.
public struct NamespaceExtent: Hashable, Sendable {
  /// From the region's start, bytes.
  public var offset: UInt64
  /// Bytes that it takes from the region (raw size).
  public var size: UInt64

  public init(offset: UInt64, size: UInt64) {
    self.offset = offset
    self.size = size
  }

  /// The extent after growing (namespace_devs.c:scan_allocate): the kernel takes space from the first hole in the order
  /// of addresses that is large enough and adjacent, the one before the namespace too, which moves its start.
  ///
  /// - Parameters:
  ///   - wanted: The new size, larger than the present one.
  ///   - holes: The free extents of the region, aligned, in the order of addresses.
  /// - Returns: The new extent; nil if no adjacent hole is large enough.
  public func grown(to wanted: UInt64, holes: [Extent]) -> NamespaceExtent? {
    let more = wanted - size
    for hole in holes where hole.length >= more {
      if hole.offset + hole.length == offset { return NamespaceExtent(offset: offset - more, size: wanted) }
      if hole.offset == offset + size { return NamespaceExtent(offset: offset, size: wanted) }
    }
    return nil
  }
}
