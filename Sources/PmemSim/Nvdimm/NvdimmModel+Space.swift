import PmemDevice
import PmemMedia

/// The capacity that labels leave. A DIMM's capacity is reserved for every label on it (label.c:nd_label_reserve_dpa), also of a
/// namespace that could not be assembled, and whether the region is enabled or not.
extension NvdimmModel {
  /// The holes that can be allocated, trimmed to the region's alignment; offsets in the region.
  func freeExtents(_ index: Int) -> [Extent] {
    guard isLabeled(index) else { return [] }
    let region = topology.regions[index]
    let taken = region.dimms.flatMap { reserved(on: $0, of: index) }
    return Self.holes(taken, in: region.share, align: region.align / region.ways).map {
      Extent(offset: $0.offset * region.ways, length: $0.length * region.ways)
    }
  }

  /// region_devs.c:nd_region_available_dpa, bytes. An extent that ends beyond the set leaves nothing.
  func availableSize(_ index: Int) -> UInt64 {
    guard isLabeled(index) else { return 0 }
    return topology.regions[index].dimms.reduce(0) { $0 + availableSize(on: $1, of: index) }
  }

  /// region_devs.c:nd_region_allocatable_dpa, bytes: the smallest of what the DIMMs have in one piece, for each of them. One
  /// without a driver is passed over (min_not_zero).
  func maxAvailableExtent(_ index: Int) -> UInt64 {
    guard isLabeled(index) else { return 0 }
    let region = topology.regions[index]
    let largest = region.dimms.map { dimm -> UInt64 in
      // dimm_devs.c:nd_pmem_max_contiguous_dpa: the holes, as far as the available size goes.
      var rest = availableSize(on: dimm, of: index)
      var pieces: [UInt64] = []
      let align = region.align / region.ways
      for hole in Self.holes(reserved(on: dimm, of: index), in: region.share, align: align) where rest > 0 {
        pieces.append(min(rest, hole.length))
        rest -= min(rest, hole.length)
      }
      return rest == 0 ? pieces.max() ?? 0 : 0
    }
    return (largest.filter { $0 > 0 }.min() ?? 0) * region.ways
  }

  /// dimm_devs.c:nd_pmem_available_dpa.
  private func availableSize(on dimm: Int, of index: Int) -> UInt64 {
    guard !disabledDimms.contains(dimm) else { return 0 }
    let region = topology.regions[index]
    let align = region.align / region.ways
    let first = region.offset(on: dimm)
    let last = first + region.share - 1
    var busy: UInt64 = 0
    for label in activeLabels(dimm) {
      let start = label.dpa / align * align
      let end = (label.dpa &+ label.rawSize &+ (align - 1)) / align * align &- 1
      if start >= first, start < last {
        guard end <= last else { return 0 }
        busy &+= end &- start &+ 1
      } else if end >= first, end <= last {
        busy &+= end &- start &+ 1
      } else if first > start, first < end {
        busy &+= region.share
      }
    }
    return busy < region.share ? (region.share - busy) / align * align : 0
  }

  /// What labels reserve of a DIMM's share, from its start.
  private func reserved(on dimm: Int, of index: Int) -> [Extent] {
    let region = topology.regions[index]
    let first = region.offset(on: dimm)
    let limit = first + region.share
    return activeLabels(dimm).compactMap { label in
      // No label ends beyond 2^64: its DIMM would have no driver (DimmProbe).
      let start = max(first, label.dpa)
      let end = label.rawSize > limit &- label.dpa || label.dpa > limit ? limit : label.dpa + label.rawSize
      guard start < end, label.dpa < limit else { return nil }
      return Extent(offset: start - first, length: end - start)
    }
  }

  private static func holes(_ taken: [Extent], in size: UInt64, align: UInt64) -> [Extent] {
    var holes: [Extent] = []
    var cursor: UInt64 = 0
    let sorted = taken.sorted { ($0.offset, $0.length) < ($1.offset, $1.length) }
    for extent in sorted + [Extent(offset: size, length: 0)] {
      let start = (cursor + align - 1) / align * align
      let end = extent.offset / align * align
      if end > start { holes.append(Extent(offset: start, length: end - start)) }
      cursor = max(cursor, extent.offset + extent.length)
    }
    return holes
  }
}
