package import PmemDevice

/// The counters of pages, as they are found in struct page.
extension MemoryModel {
  /// A run of pages with the same counters.
  package struct CountedPages: Hashable {
    package var extent: Extent
    package var pageSize: UInt64
    package var count: PageCount
  }

  /// The counters of a namespace's pages that differ from those of an unused page. In proportion to mappings and pins,
  /// not to pages.
  package func countedPages(_ device: DeviceID) -> [CountedPages] {
    guard let view = self.device(device), view.isAlive else { return [] }
    let rules = rules
    let page = view.countingPage
    // Reports of offsets behind the device's end were not written by this program.
    let last = (view.size + page - 1) / page
    let references = state.pages(device).references
    let held = references.runs.filter { $0.range.upperBound <= last }
    var mapped = RunMap<Int32>(0)
    if rules.countsMappings {
      for extent in self.mapped(device) {
        mapped.update(extent.offset / page..<(extent.end + page - 1) / page) { $0 += 1 }
      }
    }
    let idle = rules.idleReferences(view.isDAXDevice ? .devdax : .fsdax)
    let bounds =
      held.flatMap { [$0.range.lowerBound, $0.range.upperBound] }
      + mapped.runs.flatMap { [$0.range.lowerBound, $0.range.upperBound] }
    let points = Set(bounds).sorted()
    return zip(points, points.dropFirst()).compactMap { start, end in
      let references = references[start]
      let mappings = mapped[start]
      guard !references.isNone || mappings != 0 else { return nil }
      var count = PageCount(
        references: idle &+ mappings &+ references.plain, mappings: mappings, pins: page > 4096 ? 0 : nil)
      if page > 4096 {
        count.pins = references.pins
        count.references &+= references.pins
      } else {
        count.references &+= references.pins &* Int32(PageCount.bias)
      }
      return CountedPages(
        extent: Extent(offset: start * page, length: (end - start) * page), pageSize: page, count: count)
    }
  }

  /// The populated ranges of a namespace, one for each mapping.
  private func mapped(_ device: DeviceID) -> [Extent] {
    state.processes.flatMap(\.mappings).filter { $0.isDAX && !$0.isRevoked }.flatMap { mapping in
      mapping.presentPTEs.extents.flatMap { extent in
        pieces(
          mapping.source.volume,
          extents(
            mapping.source,
            (mapping.offset + extent.offset)..<(mapping.offset + extent.offset + extent.length)))
      }
    }.filter { $0.device == device }.map(\.extent)
  }
}
