extension Region {
  /// The bad blocks of a namespace, its metadata among it.
  ///
  /// - Parameter namespace: Of this region.
  /// - Returns: From the namespace's start, bytes; nil if addresses may not be read.
  public func badBlocks(of namespace: Namespace) -> [Extent]? {
    guard !badBlocks.isEmpty, !namespace.isSeed else { return [] }
    guard let resource, let start = namespace.resource, start >= resource else { return nil }
    let extent = Extent(offset: start - resource, length: namespace.rawSize.rawValue)
    return badBlocks.compactMap { $0.intersection(extent) }.map {
      Extent(offset: $0.offset - extent.offset, length: $0.length)
    }
  }
}
