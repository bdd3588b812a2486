import PmemDevice
import PmemModel

/// DAX on a simulated machine, by what its kernel would do.
struct SimDax {
  private let kernel: SimKernel

  init(_ kernel: SimKernel) { self.kernel = kernel }

  // MARK: Layers

  var layers: [DaxLayer] {
    let disks = SimInventory(kernel.nvdimm).inventory.namespaces.compactMap { namespace in
      namespace.blockDevice.map { layer(.device(DeviceID(namespace)), $0) }
    }
    let stacks = kernel.model.state.stacks.map { layer(.stack($0.number), "dm-\($0.number)") }
    let partitions = kernel.model.state.partitions.map { layer($0.volume, device($0.volume)) }
    return (disks + partitions + stacks).flatMap { layer, volume in [layer] + filesystems(volume, layer) }
  }

  private func layer(_ volume: Volume, _ name: String) -> (DaxLayer, Volume) {
    let kind: DaxLayer.Kind
    switch volume {
    case .device: kind = .disk
    case .partition: kind = .partition
    case .stack: kind = .stack
    }
    var layer = DaxLayer(
      kind: kind, name: RawText(name), device: name,
      namespaces: names(under: volume), hasQueueDAX: hasQueueDAX(volume))
    if case .partition(let disk, let number) = volume {
      layer.partition = try? kernel.model.partition(disk, number).extent
    }
    if case .stack(let number) = volume, let stack = try? kernel.model.stack(number) {
      var begin: UInt64 = 0
      layer.targets = stack.pieces.map { piece in
        defer { begin += piece.extent.length }
        return DaxLayer.Target(begin: begin, start: piece.extent.offset, lower: device(piece.volume))
      }
    }
    return (layer, volume)
  }

  /// A partition has its disk's queue.
  private func hasQueueDAX(_ volume: Volume) -> Bool {
    guard case .partition(let disk, _) = volume else {
      return (try? kernel.model.hasDAX(volume)) ?? false
    }
    return (try? kernel.model.hasDAX(.device(disk))) ?? false
  }

  private func names(under volume: Volume) -> [String] {
    kernel.model.devices(under: volume).map(\.description)
  }

  private func isDaxDevice(_ volume: Volume) -> Bool {
    guard case .device(let device) = volume, let namespace = namespace(device) else { return false }
    return namespace.daxRegion?.devices.contains { $0.chardev == namespace.node } ?? false
  }

  func device(_ volume: Volume) -> String {
    switch volume {
    case .stack: return volume.word
    case .device(let device): return node(device) ?? volume.word
    case .partition(let disk, let number):
      return node(disk).map { "\($0)p\(number)" } ?? volume.word
    }
  }

  private func node(_ device: DeviceID) -> String? {
    namespace(device)?.node
  }

  /// Only this one is read: each probe asks for it.
  private func namespace(_ device: DeviceID) -> Namespace? {
    SimInventory(kernel.nvdimm).namespace(device.namespace, region: device.region)
  }

  private func filesystems(_ volume: Volume, _ below: DaxLayer) -> [DaxLayer] {
    guard let filesystem = kernel.model.filesystem(volume) else { return [] }
    guard !filesystem.mountPoints.isEmpty else { return [unmounted(filesystem, below)] }
    return filesystem.mountPoints.map { mountPoint in
      var layer = DaxLayer(
        kind: .filesystem, name: RawText(mountPoint), device: below.device, namespaces: below.namespaces,
        hasQueueDAX: nil)
      var facts = DaxLayer.Filesystem(
        type: filesystem.type, options: filesystem.isDAX ? ["dax=always"] : [],
        blockSize: Filesystem.block)
      let files = filesystem.files.filter { !$0.isDeleted }
      facts.filesSeen = files.count
      facts.filesWithDAX = filesystem.isDAX ? files.count : 0
      facts.sample = files.first.map { SimUsage.path($0, on: filesystem).text }
      layer.filesystem = facts
      return layer
    }
  }

  /// The layer of its superblock, before it is mounted again.
  private func unmounted(_ filesystem: Filesystem, _ below: DaxLayer) -> DaxLayer {
    var layer = DaxLayer(
      kind: .filesystem, name: RawText("\(filesystem.type) on /dev/\(below.device)"), device: below.device,
      namespaces: below.namespaces, hasQueueDAX: nil)
    layer.filesystem = DaxLayer.Filesystem(
      type: filesystem.type, options: [], blockSize: Filesystem.block)
    layer.filesystem?.isMounted = false
    return layer
  }

  // MARK: Doing

  func probe(_ source: MappedObject, at offset: UInt64) throws -> DaxProbe {
    let (size, page, isDAX) = try kernel.model.facts(of: source)
    guard offset < size else { throw KernelRefusal(22, "it ends at \(size)") }
    let start = offset / page * page
    let mapping = MemoryMapping(
      start: 0, length: page, source: source, offset: start, isWritable: false, isSync: false, pageSize: page,
      isDAX: isDAX)
    guard !kernel.model.isBad(mapping, 0..<page) else {
      throw KernelRefusal(14, "there is a bad block: a process that touches it is killed by SIGBUS")
    }
    return DaxProbe(
      source.inode != nil
        ? .file
        : isDaxDevice(source.volume) ? .daxDevice : .blockDevice,
      isDAX: isDAX, pageSize: page, isSync: isDAX && kernel.topology.profile.rules.hasMapSync,
      device: device(source.volume),
      namespaces: names(under: source.volume), offset: start)
  }

  func verify(_ namespace: Namespace, longTerm: Bool) -> [DaxProof] {
    let volume = Volume.device(DeviceID(namespace))
    let source = MappedObject(volume: volume, inode: nil)
    guard let node = namespace.node, let facts = try? kernel.model.facts(of: source) else {
      return [DaxProof(.unverified, "there is no device to open")]
    }
    guard facts.isDAX else { return verify(block: node, volume) }
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
        : DaxProof(.failed, "the first byte or the last cannot be read: bad blocks"))
    guard isAlive else { return proofs }
    proofs.append(DaxProof(.proven, "pages of \(ByteCount(facts.page)) seen"))
    guard longTerm else { return proofs }
    proofs.append(
      namespace.map == .none
        ? DaxProof(.failed, "long-term pins: refused, its memory has no pages", of: .longTermPin)
        : DaxProof(.proven, "long-term pins possible: one was taken and released", of: .longTermPin))
    return proofs
  }

  private func verify(block node: String, _ volume: Volume) -> [DaxProof] {
    let holder = kernel.model.holder(of: volume)
    let hasDAX = (try? kernel.model.hasDAX(volume)) ?? false
    return [
      holder.map { DaxProof(.unverified, "/dev/\(node) could not be opened exclusively: \($0) has it") }
        ?? DaxProof(.proven, "opened /dev/\(node) exclusively: it has no other exclusive holder"),
      hasDAX
        ? DaxProof(.proven, "the kernel offers DAX to filesystems on it (queue/dax is 1)")
        : DaxProof(.failed, "the kernel offers no DAX on it (queue/dax is 0)"),
      DaxProof(
        .unverified, "mappings: they are of files, once a filesystem is on it (pmemctl dax probe FILE)"),
    ]
  }
}
