import PmemDevice

/// DAX on a simulated machine, by what its kernel would do.
struct SimDax {
  private let kernel: SimKernel
  private let inventory: Inventory

  init(_ kernel: SimKernel) {
    self.kernel = kernel
    inventory = SimInventory(kernel).inventory
  }

  // MARK: Layers

  var layers: [DaxLayer] {
    let disks = inventory.namespaces.compactMap { namespace in
      namespace.blockDevice.map { layer(.namespace(region: namespace.regionID, id: namespace.id), $0) }
    }
    let stacks = kernel.memory.stacks.map { layer(.stack($0.number), "dm-\($0.number)") }
    let partitions = kernel.memory.partitions.map { layer($0.volume, device($0.volume)) }
    return (disks + partitions + stacks).flatMap { layer, volume in [layer] + filesystems(volume, layer) }
  }

  private func layer(_ volume: SimVolume, _ name: String) -> (DaxLayer, SimVolume) {
    let kind: DaxLayer.Kind
    switch volume {
    case .namespace: kind = .disk
    case .partition: kind = .partition
    case .stack: kind = .stack
    }
    var layer = DaxLayer(
      kind: kind, name: RawText(name), device: name,
      namespaces: names(under: volume), hasQueueDAX: hasQueueDAX(volume))
    if case .partition(let region, let id, let number) = volume {
      layer.place = try? kernel.partition(region, id, number).extent
    }
    if case .stack(let number) = volume, let stack = try? kernel.stack(number) {
      var begin: UInt64 = 0
      layer.targets = stack.pieces.map { piece in
        defer { begin += piece.extent.length }
        return DaxLayer.Target(begin: begin, start: piece.extent.offset, lower: device(piece.volume))
      }
    }
    return (layer, volume)
  }

  /// A partition has its disk's queue.
  private func hasQueueDAX(_ volume: SimVolume) -> Bool {
    guard case .partition(let region, let id, _) = volume else {
      return (try? kernel.hasDAX(volume)) ?? false
    }
    return (try? kernel.hasDAX(.namespace(region: region, id: id))) ?? false
  }

  private func names(under volume: SimVolume) -> [String] {
    kernel.namespaces(under: volume).map { "namespace\($0.region).\($0.id)" }
  }

  func device(_ volume: SimVolume) -> String {
    switch volume {
    case .stack: return volume.word
    case .namespace(let region, let id): return node(region, id) ?? volume.word
    case .partition(let region, let id, let number):
      return node(region, id).map { "\($0)p\(number)" } ?? volume.word
    }
  }

  private func node(_ region: Int, _ id: Int) -> String? {
    inventory.namespaces.first { $0.regionID == region && $0.id == id }?.node
  }

  private func filesystems(_ volume: SimVolume, _ below: DaxLayer) -> [DaxLayer] {
    guard let filesystem = kernel.filesystem(volume) else { return [] }
    return filesystem.places.map { place in
      var layer = DaxLayer(
        kind: .filesystem, name: RawText(place), device: below.device, namespaces: below.namespaces,
        hasQueueDAX: nil)
      var facts = DaxLayer.Filesystem(
        type: filesystem.type, options: filesystem.isDAX ? ["dax=always"] : [],
        blockSize: SimFilesystem.block)
      let files = filesystem.files.filter { !$0.isDeleted }
      facts.filesSeen = files.count
      facts.filesWithDAX = filesystem.isDAX ? files.count : 0
      facts.sample = files.first.map { SimUsage.path($0, on: filesystem).text }
      layer.filesystem = facts
      return layer
    }
  }

  // MARK: Doing

  func probe(_ source: SimSource, at offset: UInt64) throws -> DaxProbe {
    let (size, page, isDAX) = try kernel.facts(of: source)
    guard offset < size else { throw SimFault(22, "it ends at \(size)") }
    let place = offset / page * page
    let mapping = SimMapping(
      start: 0, length: page, source: source, offset: place, isWritable: false, isSync: false, pageSize: page,
      isDAX: isDAX)
    guard !kernel.isBad(mapping, 0..<page) else {
      throw SimFault(14, "there is a bad block: whoever touches it is killed by SIGBUS")
    }
    return DaxProbe(
      isDAX: isDAX, pageSize: page, isSync: isDAX && kernel.topology.profile.rules.hasMapSync,
      device: device(source.volume),
      namespaces: names(under: source.volume), offset: place)
  }

  func prove(_ namespace: Namespace, longTerm: Bool) -> [DaxProof] {
    let volume = SimVolume.namespace(region: namespace.regionID, id: namespace.id)
    let source = SimSource(volume: volume, inode: nil)
    guard let node = namespace.node, let facts = try? kernel.facts(of: source) else {
      return [DaxProof(.unverified, "there is no device to open")]
    }
    guard facts.isDAX else { return prove(block: node, volume) }
    var proofs = [
      DaxProof(
        .proven,
        "mapped all \(ByteCount(facts.size).exact) of /dev/\(node), shared"
          + (kernel.topology.profile.rules.hasMapSync ? " and synchronous (MAP_SYNC)" : ""))
    ]
    let ends = [0, (facts.size - 1) / facts.page * facts.page]
    let isAlive = ends.allSatisfy { (try? probe(source, at: $0)) != nil }
    proofs.append(
      isAlive
        ? DaxProof(.proven, "read the first byte and the last")
        : DaxProof(.disproven, "the first byte or the last cannot be read: bad blocks"))
    guard isAlive else { return proofs }
    proofs.append(DaxProof(.proven, "pages of \(ByteCount(facts.page)) seen"))
    guard longTerm else { return proofs }
    proofs.append(
      namespace.map == .none
        ? DaxProof(.disproven, "long-term pins: refused, its memory has no pages", of: .longTermPin)
        : DaxProof(.proven, "long-term pins possible: one was taken and released", of: .longTermPin))
    return proofs
  }

  private func prove(block node: String, _ volume: SimVolume) -> [DaxProof] {
    let holder = kernel.holder(of: volume)
    let hasDAX = (try? kernel.hasDAX(volume)) ?? false
    return [
      holder.map { DaxProof(.unverified, "/dev/\(node) could not be opened exclusively: \($0) has it") }
        ?? DaxProof(.proven, "opened /dev/\(node) exclusively: nobody else has it"),
      hasDAX
        ? DaxProof(.proven, "the kernel offers DAX to filesystems on it (queue/dax is 1)")
        : DaxProof(.disproven, "the kernel offers no DAX on it (queue/dax is 0)"),
      DaxProof(
        .unverified, "mappings: they are of files, once a filesystem is on it (pmemctl dax probe FILE)"),
    ]
  }
}
