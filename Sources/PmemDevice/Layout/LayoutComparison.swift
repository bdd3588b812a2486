/// Compares a namespace with the one that a layout wants.
struct LayoutComparison {
  private let wanted: NamespaceLayout
  private let namespace: Namespace
  private let region: Region
  private let inventory: Inventory

  /// The namespace as its info block describes it.
  init(_ wanted: NamespaceLayout, _ namespace: Namespace, on region: Region, in inventory: Inventory) {
    self.wanted = wanted
    self.namespace = namespace
    self.region = region
    self.inventory = inventory
  }

  /// In words: `it is fsdax, not devdax`; none if only its name or its state differs.
  var differences: [String] {
    guard namespace.mode == wanted.mode else { return ["it is \(namespace.mode), not \(wanted.mode)"] }
    var words: [String] = []
    if let size = sizeDifference { words.append(size) }
    // A namespace that the kernel maps without an info block has no settings.
    if wanted.mode.hasMemoryMap, namespace.holder != nil || !namespace.isEnabled {
      if let map = wanted.map, map != namespace.map {
        words.append("its memory map is \(location(namespace.map)), not \(location(map))")
      }
      if let align = wanted.align, align != namespace.align {
        words.append(
          "its alignment is \(ByteCount(namespace.align ?? 0)), not \(ByteCount(align))")
      }
    }
    if wanted.mode == .sector, let size = wanted.sectorSize, size != namespace.sectorSize {
      words.append("its sectors are \(namespace.sectorSize ?? 512) bytes, not \(size)")
    }
    return words
  }

  private func location(_ map: MapLocation) -> String { map == .mem ? "in DRAM" : "on the device" }

  private var sizeDifference: String? {
    guard region.isLabeled else { return nil }
    let expected: ByteCount?
    switch (wanted.amount, wanted.measure) {
    case (.max, _): return nil
    case (.bytes(let size), .taken): expected = size
    default: expected = solved
    }
    guard let expected else { return "its size is unknown: only root may read its address" }
    return expected == namespace.rawSize ? nil : "it takes \(namespace.rawSize.exact), not \(expected.exact)"
  }

  /// The settings that the kernel would have chosen in the same region.
  private var solved: ByteCount? {
    guard let resource = region.resource, let start = namespace.resource, start >= resource else {
      return nil
    }
    let own = Extent(offset: start - resource, length: region.size.rawValue - (start - resource))
    let request = wanted.request(on: region)
    let fit = RegionFit(request, region: region, inventory: inventory)
    let geometry = NamespaceGeometry(
      request: request, region: region, host: inventory.host, namespace: namespace,
      bttVersion: fit.bttVersion,
      neighbours: inventory.neighbours(of: region),
      sectionUses: inventory.sectionUses(but: namespace.dev))
    return try? SizeSolver(request, region: region, extents: [own], geometry: geometry).solve().taken
  }
}
