import PmemDevice

/// Bad blocks: ranges that the platform cannot read any more, and clearing them.
extension NvdimmModel {
  /// Injects errors into a part of a namespace, as `ndctl inject-error` does. The extent is from the start of its
  /// users' data.
  func injectErrors(_ index: Int, _ id: Int, _ extent: Extent) throws {
    let namespace = regions[index].namespaces[try namespaceIndex(index, id)]
    guard namespace.size > 0 else { throw KernelRefusal(6, "it has no size") }
    let data = dataExtent(namespace)
    guard extent.length > 0, extent.offset <= data.length, extent.length <= data.length - extent.offset else {
      throw KernelRefusal(22, "it ends at \(data.length)")
    }
    try media.injectErrors(region: index, Extent(offset: data.offset + extent.offset, length: extent.length))
  }

  /// Clear Uncorrectable Error (bus.c:nd_cmd_clear_to_send: not under a driver's feet).
  func clearErrors(_ index: Int, _ id: Int, _ extent: Extent) throws {
    let namespace = regions[index].namespaces[try namespaceIndex(index, id)]
    guard !topology.regions[index].isE820 else {
      throw KernelRefusal(95, "the e820 bus has no command for it")
    }
    guard !namespace.isEnabled else { throw KernelRefusal(16, "the namespace is in use") }
    guard extent.offset <= namespace.size, extent.length <= namespace.size - extent.offset else {
      throw KernelRefusal(22, "it ends at \(namespace.size)")
    }
    let extent = Extent(offset: namespace.offset + extent.offset, length: extent.length)
    for bad in media.badBlocks.extents(ofRegion: index) {
      guard let part = bad.intersection(extent) else { continue }
      try media.zero(region: index, at: part.offset, count: part.length)
    }
  }

  /// The range of a namespace's data in the region; in sector mode, all its bytes: blocks move.
  func dataExtent(_ namespace: SimNamespace) -> Extent {
    guard namespace.isEnabled, let claim = namespace.claim, claim.kind != .btt else {
      return Extent(offset: namespace.offset, length: namespace.size)
    }
    return Extent(offset: namespace.offset + claim.startPad + claim.dataOffset, length: claim.usable)
  }
}
