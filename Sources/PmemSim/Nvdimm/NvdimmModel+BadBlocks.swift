import PmemDevice

/// Bad blocks: ranges that the platform cannot read any more, and clearing them.
extension NvdimmModel {
  /// Makes a part of a namespace bad: whether the platform calls it injected, as after `ndctl inject-error`, and whether
  /// only a scrub tells the kernel. The extent is from the start of its users' data.
  func spoil(_ index: Int, _ id: Int, _ extent: Extent, isInjected: Bool, isSilent: Bool) throws {
    let part = try data(index, id, extent)
    try media.changeBadBlocks { bad in
      if isInjected || isSilent {
        bad.inject(region: index, part, isSilent: isSilent)
        if !isInjected { bad.callGenuine(region: index, part) }
      } else {
        bad.add(region: index, part)
      }
    }
  }

  /// Takes injected errors back (ACPI 6.5, 9.20.7.10, ARS Error Inject Clear).
  func withdrawErrors(_ index: Int, _ id: Int, _ extent: Extent) throws {
    let part = try data(index, id, extent)
    try media.changeBadBlocks { $0.withdraw(region: index, part) }
  }

  /// Injected errors in a namespace, from the start of its users' data.
  func injectedErrors(_ index: Int, _ id: Int) throws -> [Extent] {
    let namespace = regions[index].namespaces[try namespaceIndex(index, id)]
    let data = dataExtent(namespace)
    return media.badBlocks.injected(ofRegion: index).compactMap { $0.intersection(data) }.map {
      Extent(offset: $0.offset - data.offset, length: $0.length)
    }
  }

  /// A part of a namespace's data, from the region's start.
  private func data(_ index: Int, _ id: Int, _ extent: Extent) throws -> Extent {
    let namespace = regions[index].namespaces[try namespaceIndex(index, id)]
    guard namespace.size > 0 else { throw KernelRefusal(6, "it has no size") }
    let data = dataExtent(namespace)
    guard extent.length > 0, extent.offset <= data.length, extent.length <= data.length - extent.offset else {
      throw KernelRefusal(22, "it ends at \(data.length)")
    }
    return Extent(offset: data.offset + extent.offset, length: extent.length)
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
