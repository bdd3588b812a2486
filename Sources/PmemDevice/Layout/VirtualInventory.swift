/// An inventory that changes as a plan would change the machine, so that the next part of the plan fits.
struct VirtualInventory {
  private(set) var inventory: Inventory

  init(_ inventory: Inventory) {
    self.inventory = inventory
    for bus in inventory.buses.indices {
      for region in inventory.buses[bus].regions.indices { plantSeed(bus, region) }
    }
  }

  /// A snapshot of another host tells of no idle devices: the next one has the lowest free number.
  private mutating func plantSeed(_ bus: Int, _ place: Int) {
    let region = inventory.buses[bus].regions[place]
    guard region.isLabeled, region.isEnabled, region.nextNamespace == nil else { return }
    Self.plantSeed(in: &inventory.buses[bus].regions[place])
  }

  private static func plantSeed(in region: inout Region) {
    let used = Set(region.namespaces.map(\.id))
    let id = (0...).first { !used.contains($0) } ?? 0
    let seed = Namespace(regionID: region.id, id: id, size: .zero, rawSize: .zero)
    region.namespaces.append(seed)
    region.namespaceSeed = seed.dev
  }

  func region(_ id: Int) -> Region? { inventory.regions.first { $0.id == id } }

  private mutating func change(_ id: Int, _ body: (inout Region) -> Void) {
    for bus in inventory.buses.indices {
      for place in inventory.buses[bus].regions.indices where inventory.buses[bus].regions[place].id == id {
        body(&inventory.buses[bus].regions[place])
        let extents = inventory.buses[bus].regions[place].freeExtents ?? []
        inventory.buses[bus].regions[place].availableSize = ByteCount(extents.reduce(0) { $0 + $1.length })
        inventory.buses[bus].regions[place].maxAvailableExtent = ByteCount(extents.map(\.length).max() ?? 0)
        plantSeed(bus, place)
      }
    }
  }

  private mutating func takeLabels(_ count: Int, _ id: Int) {
    let dimms = region(id)?.mappings.map(\.dimm) ?? []
    for bus in inventory.buses.indices {
      for place in inventory.buses[bus].dimms.indices
      where dimms.contains(inventory.buses[bus].dimms[place].dev) {
        inventory.buses[bus].dimms[place].labels?.availableSlots -= count
      }
    }
  }

  /// A destroyed namespace's device goes, and its number is free, unless it is the first or the seed
  /// (namespace_devs.c:size_store).
  mutating func destroy(_ namespace: Namespace) {
    takeLabels(-1, namespace.regionID)
    change(namespace.regionID) { region in
      guard let place = region.namespaces.firstIndex(where: { $0.dev == namespace.dev }) else { return }
      guard namespace.id == 0 || region.namespaceSeed == namespace.dev else {
        region.namespaces.remove(at: place)
        return
      }
      region.namespaces[place] = Namespace(
        regionID: namespace.regionID, id: namespace.id, size: .zero, rawSize: .zero)
    }
  }

  /// What was proposed is there, where the proposal says; a seed that was used has a successor
  /// (region_devs.c:nd_region_advance_seeds).
  mutating func add(_ proposal: NamespaceProposal, name: String?, uuid: DeviceUUID?) {
    let isNew = proposal.namespace.isSeed
    if isNew { takeLabels(1, proposal.region.id) }
    change(proposal.region.id) { region in
      guard let place = region.namespaces.firstIndex(where: { $0.dev == proposal.namespace.dev }) else {
        return
      }
      var made = region.namespaces[place]
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
      region.namespaces[place] = made
      if isNew, region.namespaceSeed == made.dev { Self.plantSeed(in: &region) }
    }
  }

  mutating func rename(_ namespace: Namespace, to name: String) {
    change(namespace.regionID) { region in
      guard let place = region.namespaces.firstIndex(where: { $0.dev == namespace.dev }) else { return }
      region.namespaces[place].name = name
    }
  }
}
