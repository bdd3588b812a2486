/// An inventory that changes as a plan would change the machine, so that the next part of the plan fits.
struct VirtualInventory {
  private(set) var inventory: Inventory
  /// The free extents of the regions that were changed, by number: as ``Region/freeExtents`` finds them.
  private(set) var extents: [Int: [Extent]] = [:]
  /// The numbers that namespaces of a region have, and one below which none is free; absent until it is asked for.
  private var numbers: [Int: (used: Set<Int>, lowest: Int)] = [:]

  init(_ inventory: Inventory) {
    self.inventory = inventory
    for bus in inventory.buses.indices {
      for region in inventory.buses[bus].regions.indices { createSeed(bus, region) }
    }
  }

  /// A snapshot of another host has no idle devices: the next one has the lowest free number.
  ///
  /// - Parameters:
  ///   - bus: Index of the bus.
  ///   - index: Index of the region on it.
  ///   - isUsed: Whether the seed was used: it has a successor, also if another device is idle
  ///     (region_devs.c:nd_region_advance_seeds).
  private mutating func createSeed(_ bus: Int, _ index: Int, isUsed: Bool = false) {
    guard let id = seedNumber(inventory.buses[bus].regions[index], isUsed: isUsed) else { return }
    let seed = Namespace(
      regionID: inventory.buses[bus].regions[index].id, id: id, size: .zero, rawSize: .zero)
    inventory.buses[bus].regions[index].namespaces.append(seed)
    inventory.buses[bus].regions[index].namespaceSeed = seed.dev
  }

  /// The lowest free number, if a region needs another seed.
  private mutating func seedNumber(_ region: Region, isUsed: Bool) -> Int? {
    guard region.isLabeled, region.isEnabled, isUsed || region.nextNamespace == nil else { return nil }
    var known = numbers.removeValue(forKey: region.id) ?? (Set(region.namespaces.map(\.id)), 0)
    while known.used.contains(known.lowest) { known.lowest += 1 }
    known.used.insert(known.lowest)
    numbers[region.id] = known
    return known.lowest
  }

  func region(_ id: Int) -> Region? { inventory.regions.first { $0.id == id } }

  /// - Parameters:
  ///   - id: Number of the region.
  ///   - known: Its free extents afterwards, if they are known.
  ///   - body: Changes it, and returns whether it used the seed.
  private mutating func change(_ id: Int, free known: [Extent]? = nil, _ body: (inout Region) -> Bool) {
    for bus in inventory.buses.indices {
      for index in inventory.buses[bus].regions.indices where inventory.buses[bus].regions[index].id == id {
        let isUsed = body(&inventory.buses[bus].regions[index])
        let extents = known ?? inventory.buses[bus].regions[index].freeExtents ?? []
        self.extents[id] = extents
        inventory.buses[bus].regions[index].availableSize = ByteCount(extents.reduce(0) { $0 + $1.length })
        inventory.buses[bus].regions[index].maxAvailableExtent = ByteCount(extents.map(\.length).max() ?? 0)
        createSeed(bus, index, isUsed: isUsed)
      }
    }
  }

  private mutating func takeLabels(_ count: Int, _ id: Int) {
    let dimms = region(id)?.mappings.map(\.dimm) ?? []
    for bus in inventory.buses.indices {
      for index in inventory.buses[bus].dimms.indices
      where dimms.contains(inventory.buses[bus].dimms[index].dev) {
        inventory.buses[bus].dimms[index].labels?.availableSlots -= count
      }
    }
  }

  /// A destroyed namespace's device goes, and its number is free, unless it is the first or the seed
  /// (namespace_devs.c:size_store).
  mutating func destroy(_ namespace: Namespace) {
    takeLabels(-1, namespace.regionID)
    numbers[namespace.regionID] = nil
    change(namespace.regionID) { region in
      guard let index = region.namespaces.firstIndex(where: { $0.dev == namespace.dev }) else { return false }
      guard namespace.id == 0 || region.namespaceSeed == namespace.dev else {
        region.namespaces.remove(at: index)
        return false
      }
      region.namespaces[index] = Namespace(
        regionID: namespace.regionID, id: namespace.id, size: .zero, rawSize: .zero)
      return false
    }
  }

  /// The proposed namespace is at the proposed offset; a used seed has a successor
  /// (region_devs.c:nd_region_advance_seeds).
  mutating func add(_ proposal: NamespaceProposal, name: String?, uuid: DeviceUUID?) {
    let isNew = proposal.namespace.isSeed
    if isNew { takeLabels(1, proposal.region.id) }
    change(proposal.region.id, free: isNew ? remaining(proposal) : nil) { region in
      guard let index = region.namespaces.firstIndex(where: { $0.id == proposal.namespace.id }) else {
        return false
      }
      var made = region.namespaces[index]
      made.mode = proposal.mode
      made.map = proposal.map
      made.align = proposal.align
      made.size = proposal.usable
      made.rawSize = proposal.taken
      made.sectorSize = proposal.sectorSize ?? made.sectorSize
      made.resource = region.resource.map { $0 + proposal.offset }
      made.isEnabled = true
      if isNew {
        made.name = name
        made.uuid = uuid
        made.rawUUID = uuid
      }
      region.namespaces[index] = made
      return isNew && region.namespaceSeed == made.dev
    }
  }

  /// The free extents without the space of a new namespace, which is whole multiples of the region's alignment, as they
  /// are; nil if they are not known.
  private func remaining(_ proposal: NamespaceProposal) -> [Extent]? {
    let taken = Extent(offset: proposal.offset, length: proposal.taken.rawValue)
    return extents[proposal.region.id]?.flatMap { $0.subtracting(taken) }
  }

  mutating func rename(_ namespace: Namespace, to name: String) {
    change(namespace.regionID) { region in
      guard let index = region.namespaces.firstIndex(where: { $0.dev == namespace.dev }) else { return false }
      region.namespaces[index].name = name
      return false
    }
  }
}
