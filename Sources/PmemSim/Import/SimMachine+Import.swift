import PmemModel
public import PmemDevice
public import SystemPackage

extension SimMachine {
  /// Makes a machine like the one that an inventory describes, to rehearse changes on: the same hardware, and
  /// the same namespaces under the same names, without their content.
  ///
  /// - Parameters:
  ///   - inventory: The inventory to copy, with addresses, as root sees it.
  ///   - directory: Must not exist, or be empty.
  ///   - profile: Whose rules to follow.
  /// - Returns: The properties that could not be copied, a sentence each.
  /// - Throws: Why it could not be created; no file is left behind then.
  public static func importing(
    _ inventory: Inventory, to directory: FilePath, profile: KernelProfile
  ) throws(DeviceError) -> [String] {
    let topology = try SimTopology(describing: inventory, profile: profile)
    try create(directory, topology: topology)
    do throws(DeviceError) {
      let machine = try open(directory, forWriting: true)
      return try rethrowing { try machine.adopt(inventory) }
    } catch {
      try? destroy(directory)
      throw error
    }
  }

  private func adopt(_ inventory: Inventory) throws -> [String] {
    var notes: [String] = []
    let regions = inventory.platformRegions
    try change { kernel in
      for (index, region) in regions.enumerated() {
        if region.id != index { notes.append("\(region.dev) is region\(index) here: numbers have no gaps") }
        notes += try kernel.nvdimm.adopt(region, as: index)
      }
      notes += try kernel.nvdimm.adoptCxl(inventory)
    }
    for dimm in inventory.dimms
    where !topology.dimms.indices.contains(where: { topology.id(ofDimm: $0) == dimm.id }) {
      notes.append("\(dimm.dev) (\(dimm.id ?? "without an id")) has another id here")
    }
    return notes
  }
}

extension NvdimmModel {
  /// Creates the CXL regions of an inventory, by address, and takes over what is on them.
  fileprivate func adoptCxl(_ inventory: Inventory) throws -> [String] {
    var notes: [String] = []
    for found in inventory.cxl.regions.sorted(by: { ($0.resource ?? 0) < ($1.resource ?? 0) }) {
      guard var recipe = CxlRecipe(found, in: inventory.cxl) else {
        notes.append("\(found.dev) is incomplete: it is left out")
        continue
      }
      guard let window = cxl.hardware.windows.indices.first(where: { SimCxl.windowName($0) == recipe.window })
      else { throw KernelRefusal(2, "there is no \(recipe.window)") }
      let number = cxl.state.nextNumbers[window]
      recipe.region = "region\(number)"
      if recipe.region != found.dev {
        notes.append("\(found.dev) is \(recipe.region) here: numbers follow the order of creation")
      }
      try createCxlRegion(recipe)
      if let region = inventory.region(of: found) { notes += try adopt(region, as: number) }
    }
    return notes
  }

  /// Takes over the state of a region and its namespaces.
  fileprivate func adopt(_ region: Region, as index: Int) throws -> [String] {
    guard region.isEnabled else {
      try disableRegion(index)
      return ["\(region.dev) is disabled: its namespaces are unknown"]
    }
    guard region.isLabeled == isLabeled(index) else {
      throw KernelRefusal(22, "\(region.dev) cannot have labels here as it does there")
    }
    var notes: [String] = []
    if isLabeled(index) {
      regions[index].namespaces = []
      regions[index].seed = nil
    } else {
      try disableNamespace(index, 0)
    }
    for namespace in region.configuredNamespaces {
      notes += try adopt(namespace, region: index)
    }
    guard isLabeled(index) else { return notes }
    adoptIdle(region, as: index)
    return notes
  }

  /// The idle devices for namespaces: those of the inventory, otherwise number 0 and the lowest free one as the seed,
  /// as after a boot.
  private func adoptIdle(_ region: Region, as index: Int) {
    for idle in region.namespaces where idle.isSeed {
      var namespace = SimNamespace(id: idle.id)
      namespace.name = idle.name ?? ""
      regions[index].namespaces.append(namespace)
    }
    let seed = region.namespaceSeed.flatMap { Int($0.split(separator: ".").last ?? "") }
    if let seed {
      regions[index].seed = seed
    } else {
      let isUsed = !region.configuredNamespaces.isEmpty
      let known = regions[index].namespaces
      if !known.contains(where: { $0.id == 0 }) { regions[index].namespaces.append(SimNamespace(id: 0)) }
      let last = regions[index].namespaces.filter { $0.size == 0 }.map(\.id).max() ?? 0
      regions[index].seed = isUsed && last == 0 ? regions[index].freeNamespaceID : last
    }
    if let seed = regions[index].seed, !regions[index].namespaces.contains(where: { $0.id == seed }) {
      regions[index].namespaces.append(SimNamespace(id: seed))
    }
  }

  private func adopt(_ wanted: Namespace, region index: Int) throws -> [String] {
    var namespace = SimNamespace(id: wanted.id)
    namespace.size = wanted.rawSize.rawValue
    if isLabeled(index) {
      guard let start = wanted.resource, start >= topology.regions[index].base else {
        throw KernelRefusal(1, "the address of \(wanted.dev) is missing: only root sees it")
      }
      namespace.offset = start - topology.regions[index].base
      namespace.uuid = wanted.rawUUID ?? wanted.uuid
      namespace.name = wanted.name ?? ""
      guard namespace.offset < topology.regions[index].size,
        namespace.size <= topology.regions[index].size - namespace.offset
      else { throw KernelRefusal(22, "\(wanted.dev) does not fit its region") }
      try updateLabels(index, namespace)
      regions[index].namespaces.append(namespace)
    }
    var notes: [String] = []
    if let claim = claim(of: wanted, region: index) {
      try self.claim(index, wanted.id, claim)
      try enableNamespace(index, wanted.id)
      notes += resize(wanted, region: index)
    } else if wanted.isEnabled {
      if isLabeled(index), let size = wanted.sectorSize, size != 512 {
        regions[index].namespaces[try namespaceIndex(index, wanted.id)].sectorSize = size
        try updateLabels(index, regions[index].namespaces[try namespaceIndex(index, wanted.id)])
      }
      try enableNamespace(index, wanted.id)
    } else {
      notes.append("\(wanted.dev) is disabled: its mode is unknown, it is raw here")
    }
    return notes
  }

  /// nil for raw, and for what the kernel maps natively.
  private func claim(of namespace: Namespace, region index: Int) -> Claim? {
    let isNative = topology.regions[index].isE820 && namespace.map == .mem && namespace.mode == .fsdax
    guard namespace.isEnabled, !isNative else { return nil }
    let uuid = namespace.uuid ?? .null
    switch namespace.mode {
    case .fsdax: return .fsdax(map: namespace.map, align: namespace.align ?? 4096, uuid: uuid)
    case .devdax: return .devdax(map: namespace.map, align: namespace.align ?? 4096, uuid: uuid)
    case .sector: return .sector(size: namespace.sectorSize ?? 4096, uuid: uuid)
    case .raw: return nil
    }
  }

  private func resize(_ wanted: Namespace, region index: Int) -> [String] {
    guard let made = SimInventory(self).namespace(wanted.id, region: index), made.size != wanted.size else {
      return []
    }
    return [
      "\(wanted.dev) leaves \(made.size.exact) to use here, \(wanted.size.exact) there: another kernel laid it out"
    ]
  }
}
