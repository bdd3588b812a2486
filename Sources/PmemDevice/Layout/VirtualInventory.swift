/// An inventory that changes as a plan would change the machine, so that the next part of the plan fits.
struct VirtualInventory {
  private(set) var inventory: Inventory

  init(_ inventory: Inventory) {
    self.inventory = inventory
    for bus in inventory.buses.indices {
      for region in inventory.buses[bus].regions.indices { createSeed(bus, region) }
    }
  }

  /// A snapshot of another host has no idle devices: the next one has the lowest free number.
  private mutating func createSeed(_ bus: Int, _ index: Int) {
    let region = inventory.buses[bus].regions[index]
    guard region.isLabeled, region.isEnabled, region.nextNamespace == nil else { return }
    Self.createSeed(in: &inventory.buses[bus].regions[index])
  }

  private static func createSeed(in region: inout Region) {
    let used = Set(region.namespaces.map(\.id))
    let id = (0...).first { !used.contains($0) } ?? 0
    let seed = Namespace(regionID: region.id, id: id, size: .zero, rawSize: .zero)
    region.namespaces.append(seed)
    region.namespaceSeed = seed.dev
  }

  func region(_ id: Int) -> Region? { inventory.regions.first { $0.id == id } }

  private mutating func change(_ id: Int, _ body: (inout Region) -> Void) {
    for bus in inventory.buses.indices {
      for index in inventory.buses[bus].regions.indices where inventory.buses[bus].regions[index].id == id {
        body(&inventory.buses[bus].regions[index])
        let extents = inventory.buses[bus].regions[index].freeExtents ?? []
        inventory.buses[bus].regions[index].availableSize = ByteCount(extents.reduce(0) { $0 + $1.length })
        inventory.buses[bus].regions[index].maxAvailableExtent = ByteCount(extents.map(\.length).max() ?? 0)
        createSeed(bus, index)
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
    change(namespace.regionID) { region in
      guard let index = region.namespaces.firstIndex(where: { $0.dev == namespace.dev }) else { return }
      guard namespace.id == 0 || region.namespaceSeed == namespace.dev else {
        region.namespaces.remove(at: index)
        return
      }
      region.namespaces[index] = Namespace(
        regionID: namespace.regionID, id: namespace.id, size: .zero, rawSize: .zero)
    }
  }

  /// The proposed namespace is at the proposed offset; a used seed has a successor
  /// (region_devs.c:nd_region_advance_seeds).
  mutating func add(_ proposal: NamespaceProposal, name: String?, uuid: DeviceUUID?) {
    let isNew = proposal.namespace.isSeed
    if isNew { takeLabels(1, proposal.region.id) }
    change(proposal.region.id) { region in
      guard let index = region.namespaces.firstIndex(where: { $0.dev == proposal.namespace.dev }) else {
        return
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
      if isNew, region.namespaceSeed == made.dev { Self.createSeed(in: &region) }
    }
  }

  mutating func rename(_ namespace: Namespace, to name: String) {
    change(namespace.regionID) { region in
      guard let index = region.namespaces.firstIndex(where: { $0.dev == namespace.dev }) else { return }
      region.namespaces[index].name = name
    }
  }
}
