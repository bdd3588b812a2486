/// The effect of bad blocks in a namespace's own metadata when it is next enabled: known before it is disabled.
struct EnableForecast {
  private let bad: [Extent]
  private let namespace: Namespace
  private let bttVersion: BttLayout.Version
  private let canClear: Bool

  /// - Parameters:
  ///   - namespace: As it is while it is enabled.
  ///   - inventory: With the addresses of regions and their bad blocks.
  init(_ namespace: Namespace, in inventory: Inventory) {
    self.namespace = namespace
    guard let region = inventory.region(of: namespace) else {
      (bad, bttVersion, canClear) = ([], .v1, true)
      return
    }
    bad = region.badBlocks(of: namespace) ?? []
    canClear = inventory.bus(of: region)?.canClearErrors ?? false
    bttVersion =
      RegionFit(
        NamespaceCreateRequest(regions: [region], isRegionGiven: true), region: region, inventory: inventory
      )
      .bttVersion
  }

  /// Why it would not come back as it is; nil if nothing is known against it.
  var reason: String? {
    guard !bad.isEmpty, namespace.holder != nil else { return nil }
    switch namespace.mode {
    case .raw: return nil
    case .sector: return btt
    case .fsdax, .devdax: return pfn
    }
  }

  private func isBad(_ offset: UInt64, _ length: UInt64) -> Bool {
    bad.contains { $0.intersection(Extent(offset: offset, length: length)) != nil }
  }

  private static let isRaw = "its info block is in a bad block: the kernel would present the namespace as raw"

  /// pfn_devs.c:nd_pfn_validate, and nd_pfn_clear_memmap_errors, which needs a bus that can clear errors.
  private var pfn: String? {
    if isBad(PfnLayout.infoBlockReserve / 2, PfnLayout.infoBlockReserve / 2) { return Self.isRaw }
    let overhead = namespace.rawSize.rawValue - min(namespace.rawSize.rawValue, namespace.size.rawValue)
    guard namespace.map == .dev, !canClear, overhead > PfnLayout.infoBlockReserve else { return nil }
    guard isBad(PfnLayout.infoBlockReserve, overhead - PfnLayout.infoBlockReserve) else { return nil }
    return
      "its memory map has bad blocks, which the platform cannot clear: the kernel would not enable it again"
  }

  /// btt.c:discover_arenas reads the info block and the log of each arena, and the map if the log needs it.
  private var btt: String? {
    guard
      let layout = BttLayout(
        size: namespace.rawSize.rawValue, blockSize: namespace.sectorSize ?? 4096, version: bttVersion)
    else { return nil }
    for (number, arena) in layout.arenas.enumerated() {
      if isBad(arena.offset, BttLayout.page) {
        return number == 0
          ? Self.isRaw
          : "the info block of its arena \(number) is in a bad block: the kernel would not enable it again"
      }
      if isBad(arena.offset + arena.logOffset, arena.info2Offset - arena.logOffset) {
        return "the log of its BTT has bad blocks: the kernel would not enable it again"
      }
      if isBad(arena.offset + arena.mapOffset, arena.logOffset - arena.mapOffset) {
        return "the map of its BTT has bad blocks: the kernel may not enable it again"
      }
    }
    return nil
  }
}

extension NamespaceStatePlanner {
  /// Refuses what would disable namespaces for a time, if it is known that one of them would not come back.
  ///
  /// - Parameters:
  ///   - namespaces: Those that would be disabled and enabled again.
  ///   - verb: `rename`, `check`.
  /// - Throws: ``DeviceError/Code/refused``, with what is known and what leaves it to a person.
  public func refuseLostEnable(_ namespaces: [Namespace], verb: String) throws(DeviceError) {
    for namespace in namespaces where namespace.isEnabled {
      guard let reason = EnableForecast(namespace, in: inventory).reason else { continue }
      let canClear = inventory.region(of: namespace).flatMap(inventory.bus(of:))?.canClearErrors ?? false
      throw DeviceError(
        .refused,
        "refused to \(verb) \(namespace.title): it must be disabled for it, and would not come back",
        details: [
          reason,
          "copy its content first; once it is disabled by \"namespace disable\", it is no longer refused for this",
        ],
        try: ["pmemctl namespace disable \(namespace.dev)"]
          + (canClear ? ["pmemctl namespace clear-errors \(namespace.dev)"] : []), errno: 5)
    }
  }
}
