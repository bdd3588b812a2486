import PmemDevice

/// Volumes: block devices, DAX devices, and what is stacked on them.
extension SimKernel {
  /// The namespace of a volume; nil for a stacked one.
  func namespace(_ volume: SimVolume) throws -> SimNamespace? {
    guard case .namespace(let region, let id) = volume else { return nil }
    let namespace = regions[region].namespaces[try position(region, id)]
    guard namespace.isEnabled else { throw SimFault(6, "namespace\(region).\(id) is disabled") }
    return namespace
  }

  func stack(_ number: Int) throws -> SimStack {
    guard let stack = memory.stacks.first(where: { $0.number == number }) else {
      throw SimFault(6, "there is no dm-\(number)")
    }
    return stack
  }

  /// Bytes that its users have.
  func size(of volume: SimVolume) throws -> UInt64 {
    if let namespace = try namespace(volume) { return namespace.claim?.usable ?? namespace.size }
    switch volume {
    case .namespace: return 0
    case .partition(let region, let id, let number):
      _ = try namespace(.namespace(region: region, id: id))
      return try partition(region, id, number).extent.length
    case .stack(let number): return try stack(number).size
    }
  }

  /// The alignment of a DAX device; nil for a block device.
  func daxAlign(of volume: SimVolume) throws -> UInt64? {
    guard let claim = try namespace(volume)?.claim, claim.kind == .dax else { return nil }
    guard claim.device == .devdax else { throw SimFault(6, "no driver gives its memory to programs") }
    return claim.align
  }

  /// Whether a filesystem on it can have DAX: a fsdax namespace does, an e820 range as it is, and a stack of those whose
  /// pieces all begin at a page.
  func hasDAX(_ volume: SimVolume) throws -> Bool {
    switch volume {
    case .namespace(let region, _):
      return try namespace(volume)?.claim.map { $0.kind == .pfn }
        ?? (topology.regions[region].isE820 || topology.profile.rules.hasPagelessDAX)
    case .partition(let region, let id, let number):
      let extent = try partition(region, id, number).extent
      return try extent.offset % 4096 == 0 && extent.length % 4096 == 0
        && hasDAX(.namespace(region: region, id: id))
    case .stack(let number):
      return try stack(number).pieces.allSatisfy { piece in
        try piece.extent.offset % 4096 == 0 && piece.extent.length % 4096 == 0 && hasDAX(piece.volume)
      }
    }
  }

  /// Whether mmap of a block device is DAX (4.5's fs/block_dev.c:blkdev_dax_capable): the driver offers it, the device is
  /// whole pages, and has no bad block. A stack did not offer it then.
  func mapsDirectly(_ volume: SimVolume) throws -> Bool {
    guard topology.profile.rules.mapsBlockDevices, rule(.blockDevicesMapDirectly),
      let (region, id) = namespaces(under: volume).first,
      let namespace = try namespace(.namespace(region: region, id: id)), namespace.claim?.kind != .btt
    else { return false }
    switch volume {
    case .namespace: break
    case .partition(_, _, let number):
      guard try partition(region, id, number).extent.offset % 4096 == 0 else { return false }
    case .stack: return false
    }
    return try size(of: volume) % 4096 == 0
      && !media.badBlocks.overlaps(
        region: region, Extent(offset: namespace.offset, length: namespace.size))
  }

  /// Where extents of a volume are on namespaces.
  func pieces(_ volume: SimVolume, _ extents: [Extent]) -> [SimPin.Piece] {
    switch volume {
    case .namespace(let region, let id):
      return extents.map { SimPin.Piece(region: region, namespace: id, extent: $0) }
    case .partition(let region, let id, let number):
      guard let partition = try? partition(region, id, number) else { return [] }
      return pieces(
        .namespace(region: region, id: id),
        extents.map { Extent(offset: $0.offset + partition.extent.offset, length: $0.length) })
    case .stack(let number):
      guard let stack = memory.stacks.first(where: { $0.number == number }) else { return [] }
      return extents.flatMap { extent -> [SimPin.Piece] in
        var position: UInt64 = 0
        return stack.pieces.flatMap { piece -> [SimPin.Piece] in
          let own = position..<(position + piece.extent.length)
          position = own.upperBound
          let part = own.clamped(to: extent.offset..<(extent.offset + extent.length))
          guard !part.isEmpty else { return [] }
          return pieces(
            piece.volume,
            [
              Extent(
                offset: piece.extent.offset + part.lowerBound - own.lowerBound,
                length: part.upperBound - part.lowerBound)
            ])
        }
      }
    }
  }

  /// Where a part of a mapping's source is on its volume.
  func extents(_ source: SimSource, _ range: Range<UInt64>) -> [Extent] {
    guard let inode = source.inode else {
      return [Extent(offset: range.lowerBound, length: range.upperBound - range.lowerBound)]
    }
    return filesystem(source.volume)?.file(inode)?.pieces(range) ?? []
  }

  /// The namespaces under a volume.
  func namespaces(under volume: SimVolume) -> [(region: Int, id: Int)] {
    switch volume {
    case .namespace(let region, let id), .partition(let region, let id, _): return [(region, id)]
    case .stack(let number):
      let stack = memory.stacks.first { $0.number == number }
      return stack?.pieces.flatMap { namespaces(under: $0.volume) } ?? []
    }
  }

  func isUnder(_ volume: SimVolume, _ region: Int, _ id: Int?) -> Bool {
    namespaces(under: volume).contains { $0.region == region && (id == nil || $0.id == id) }
  }

  // MARK: Who has it exclusively

  /// Refuses what somebody has opened exclusively: EBUSY.
  func checkNotHeld(_ volume: SimVolume, by what: String? = nil) throws {
    if let holder = holder(of: volume), holder != what { throw SimFault(16, "\(holder) has it") }
  }

  /// Who has a volume exclusively (block/bdev.c:bd_prepare_to_claim).
  func holder(of volume: SimVolume) -> String? {
    if let filesystem = filesystem(volume) { return "a filesystem (\(filesystem.type))" }
    if memory.swaps.contains(volume) { return "swap" }
    // A disk and its partitions are claimed together (block/bdev.c:bd_may_claim).
    if case .namespace(let region, let id) = volume {
      for partition in memory.partitions where partition.region == region && partition.id == id {
        if let holder = holder(of: partition.volume) { return "partition \(partition.number): \(holder)" }
      }
    }
    return memory.stacks.first { $0.pieces.contains { $0.volume == volume } }.map {
      "dm-\($0.number) (\($0.name))"
    }
  }

  // MARK: Stacking

  /// Joins volumes to one, all of each.
  ///
  /// - Returns: The N of `dm-N`.
  func makeStack(_ name: String, _ volumes: [SimVolume]) throws -> Int {
    guard !memory.stacks.contains(where: { $0.name == name }) else {
      throw SimFault(16, "there is a device mapper device \"\(name)\"")
    }
    guard Set(volumes).count == volumes.count else { throw SimFault(16, "a device is named twice") }
    var pieces: [SimStack.Piece] = []
    for volume in volumes {
      guard try daxAlign(of: volume) == nil else { throw SimFault(15, "a DAX device is no block device") }
      try checkNotHeld(volume)
      pieces.append(SimStack.Piece(volume: volume, extent: Extent(offset: 0, length: try size(of: volume))))
      guard depth(of: volume) < SimStack.deepest else {
        throw SimFault(22, "a stack of more than \(SimStack.deepest) devices on each other is not made here")
      }
    }
    guard volumes.flatMap(namespaces(under:)).count <= SimStack.mostLeaves else {
      throw SimFault(22, "a stack of more than \(SimStack.mostLeaves) devices is not made here")
    }
    var number = 0
    while memory.stacks.contains(where: { $0.number == number }) { number += 1 }
    memory.stacks.append(SimStack(number: number, name: name, pieces: pieces))
    return number
  }

  /// How many stacks are on each other; 0 for what is none.
  private func depth(of volume: SimVolume) -> Int {
    guard case .stack(let number) = volume, let stack = memory.stacks.first(where: { $0.number == number })
    else { return 0 }
    return 1 + (stack.pieces.map { depth(of: $0.volume) }.max() ?? 0)
  }

  func removeStack(_ name: String) throws {
    guard let place = memory.stacks.firstIndex(where: { $0.name == name || "dm-\($0.number)" == name }) else {
      throw SimFault(6, "there is no device mapper device \"\(name)\"")
    }
    let volume = SimVolume.stack(memory.stacks[place].number)
    try checkNotHeld(volume)
    guard !memory.processes.contains(where: { isUsed(SimSource(volume: volume, inode: nil), by: $0) }) else {
      throw SimFault(16, "a process has it open")
    }
    for pin in memory.pins.indices where memory.pins[pin].source?.volume == volume {
      memory.pins[pin].source = nil
    }
    memory.stacks.remove(at: place)
  }

  func swapOn(_ volume: SimVolume) throws {
    guard try daxAlign(of: volume) == nil else { throw SimFault(22, "a DAX device is no block device") }
    try checkNotHeld(volume)
    memory.swaps.append(volume)
  }

  func swapOff(_ volume: SimVolume) throws {
    guard let place = memory.swaps.firstIndex(of: volume) else { throw SimFault(22, "it is not swapped to") }
    memory.swaps.remove(at: place)
  }
}
