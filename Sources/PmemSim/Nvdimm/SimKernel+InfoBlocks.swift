import PmemDevice
import PmemMedia

/// What a namespace's media says it is, and how a claim writes it.
extension SimKernel {
  private func read(_ namespace: SimNamespace, region index: Int, at offset: UInt64, count: Int) throws
    -> [UInt8]
  {
    try media.read(region: index, at: namespace.offset + offset, count: count)
  }

  /// What a namespace's media says it is: nd_btt_probe, nd_pfn_probe, nd_dax_probe in that order.
  func probe(_ namespace: SimNamespace, region index: Int) throws -> SimClaim? {
    guard namespace.size >= PfnLayout.minimumSize else { return nil }
    if [.none, .btt, .btt2].contains(namespace.claimClass), let block = try bttBlock(namespace, region: index)
    {
      let id = regions[index].freeClaimID(.btt)
      var claim = SimClaim(kind: .btt, id: id, uuid: block.uuid, blockSize: UInt64(block.externalBlockSize))
      claim.usable = bttUsable(namespace, claim)
      return claim
    }
    for (kind, signature) in [(SimClaim.Kind.pfn, PfnInfoBlock.Kind.pfn), (.dax, .dax)]
    where namespace.claimClass == .none || namespace.claimClass == (kind == .pfn ? .pfn : .dax) {
      guard kind == .pfn || rules.hasDeviceDax, let block = try usableBlock(signature, namespace, index)
      else { continue }
      return claim(kind, from: block, namespace, id: regions[index].freeClaimID(kind))
    }
    return nil
  }

  private var rules: KernelRules { topology.profile.rules }

  /// An info block that cannot be used fails the probe; before 5.4 the namespace was raw then.
  private func usableBlock(
    _ kind: PfnInfoBlock.Kind, _ namespace: SimNamespace, _ index: Int
  ) throws -> PfnInfoBlock? {
    do { return try pfnBlock(kind, namespace, region: index) } catch let fault as SimFault {
      guard !rules.refusesUnusableInfoBlocks else { throw fault }
      return nil
    }
  }

  private func claim(
    _ kind: SimClaim.Kind, from block: PfnInfoBlock, _ namespace: SimNamespace, id: Int
  ) -> SimClaim {
    var claim = SimClaim(kind: kind, id: id, uuid: block.uuid, map: block.map, align: block.align)
    claim.startPad = UInt64(block.startPad)
    claim.dataOffset = block.dataOffset
    claim.usable = namespace.size - UInt64(block.startPad) - UInt64(block.endTruncation) - block.dataOffset
    return claim
  }

  func attach(_ claim: SimClaim, _ namespace: SimNamespace, region index: Int) throws -> SimClaim {
    switch claim.kind {
    case .btt: try attachBTT(claim, namespace, region: index)
    case .pfn, .dax: try attachPFN(claim, namespace, region: index)
    }
  }

  /// pfn_devs.c:nd_pfn_init: an info block that fits is used, else one is written.
  private func attachPFN(_ claim: SimClaim, _ namespace: SimNamespace, region index: Int) throws -> SimClaim {
    let kind: PfnInfoBlock.Kind = claim.kind == .pfn ? .pfn : .dax
    if let block = try pfnBlock(kind, namespace, region: index), block.uuid == claim.uuid {
      guard block.align == claim.align, block.map == claim.map else {
        throw SimFault(95, "init failed, settings mismatch")
      }
      return self.claim(claim.kind, from: block, namespace, id: claim.id)
    }
    let start = topology.regions[index].base + namespace.offset
    let layout: PfnLayout
    do throws(PfnLayout.Failure) {
      layout = try PfnLayout(
        start: start, size: namespace.size, align: claim.align, map: claim.map, host: host,
        neighbours: neighbours(of: index))
    } catch .misalignedStart {
      throw SimFault(6, "start 0x\(String(start, radix: 16)) misaligned")
    } catch {
      throw SimFault(6, "unable to satisfy requested alignment")
    }
    let block = PfnInfoBlock(
      kind: kind, uuid: claim.uuid, parentUUID: namespace.uuid ?? .null, map: claim.map, layout: layout,
      align: claim.align, host: host)
    try media.write(region: index, block.encoded, at: namespace.offset + PfnInfoBlock.offset)
    return self.claim(claim.kind, from: block, namespace, id: claim.id)
  }

  /// pfn_devs.c:nd_pfn_validate. nil: there is none (ENODEV); EOPNOTSUPP where it cannot be used here.
  private func pfnBlock(
    _ kind: PfnInfoBlock.Kind, _ namespace: SimNamespace, region index: Int
  ) throws -> PfnInfoBlock? {
    let bytes = try read(namespace, region: index, at: PfnInfoBlock.offset, count: PfnInfoBlock.size)
    guard var block = try? PfnInfoBlock(bytes), block.kind == kind,
      block.parentUUID == namespace.uuid ?? .null
    else { return nil }
    let start = topology.regions[index].base + namespace.offset
    // Before version 1.2 a block does not tell its alignment, and its own kernel asks for none in particular.
    if block.minorVersion < 2, rules.infoBlockMinor < 2 {
      block.align =
        (start + block.dataOffset + UInt64(block.startPad)) % (2 << 20) == 0 ? 2 << 20 : host.pageSize
    }
    if let fault = block.fault(start: start, size: namespace.size, host: host) { throw SimFault(95, fault) }
    return block
  }

  /// What the block layer sees of a block (btt.c:btt_init).
  private static func sector(_ blockSize: UInt64) -> UInt64 { blockSize >= 4096 ? 4096 : 512 }

  /// Addresses of the other regions.
  private func neighbours(of index: Int) -> [Range<UInt64>] {
    topology.regions.indices.filter { $0 != index }.map { other in
      topology.regions[other].base..<(topology.regions[other].base + topology.regions[other].size)
    }
  }

  /// kernel/memremap.c:devm_memremap_pages before 5.3, "Conflicting mapping in same section": a memory section
  /// has one mapping.
  func checkSections(_ claim: SimClaim, _ namespace: SimNamespace, region index: Int) throws {
    guard rules.mapping != .subsections, claim.kind != .btt else { return }
    let wanted = sections(claim, namespace, region: index)
    for (other, region) in regions.enumerated() {
      for neighbour in region.namespaces
      where neighbour.isEnabled && (other, neighbour.id) != (index, namespace.id) {
        guard let held = neighbour.claim, held.kind != .btt else { continue }
        guard !sections(held, neighbour, region: other).overlaps(wanted) else {
          throw SimFault(6, "Conflicting mapping in same section as namespace\(other).\(neighbour.id)")
        }
      }
    }
  }

  private func sections(_ claim: SimClaim, _ namespace: SimNamespace, region index: Int) -> Range<UInt64> {
    let start = topology.regions[index].base + namespace.offset + claim.startPad
    let end = start + claim.dataOffset + claim.usable
    return (start / KernelRules.section)..<((end + KernelRules.section - 1) / KernelRules.section)
  }

  private func bttVersion(_ namespace: SimNamespace) -> BttLayout.Version {
    namespace.claimClass == .btt2 ? .v2 : .v1
  }

  private func bttUsable(_ namespace: SimNamespace, _ claim: SimClaim) -> UInt64 {
    BttLayout(size: namespace.size, blockSize: claim.blockSize, version: bttVersion(namespace))?.usable ?? 0
  }

  /// btt_devs.c:nd_btt_version.
  private func bttBlock(_ namespace: SimNamespace, region index: Int) throws -> BttInfoBlock? {
    let version = bttVersion(namespace)
    let bytes = try read(namespace, region: index, at: version.initialOffset, count: BttInfoBlock.size)
    guard let block = try? BttInfoBlock(bytes), block.version == version,
      block.parentUUID.isNull || block.parentUUID == namespace.uuid ?? .null
    else { return nil }
    return block
  }

  /// btt.c:nvdimm_namespace_attach_btt and btt_arena_write_layout: map, log, the info block's copy, then the
  /// info block itself.
  private func attachBTT(_ claim: SimClaim, _ namespace: SimNamespace, region index: Int) throws -> SimClaim {
    let version = bttVersion(namespace)
    guard let layout = BttLayout(size: namespace.size, blockSize: claim.blockSize, version: version) else {
      throw SimFault(6, "namespace must be at least \(BttLayout.minimumSize(version)) bytes")
    }
    var attached = claim
    attached.usable = layout.usable
    if let block = try bttBlock(namespace, region: index) {
      // The device keeps what it was configured with; the arenas give the number of blocks (btt.c:discover_arenas).
      let size = UInt64(block.externalBlockSize)
      let found = BttLayout(size: namespace.size, blockSize: size, version: version)?.usable ?? 0
      attached.usable = found / Self.sector(size) * Self.sector(claim.blockSize)
      return attached
    }
    for arena in layout.arenas {
      let base = namespace.offset + arena.offset
      try media.zero(region: index, at: base + arena.mapOffset, count: arena.logOffset - arena.mapOffset)
      try media.write(region: index, BttLog(fresh: arena).encoded, at: base + arena.logOffset)
      let block = BttInfoBlock(
        uuid: claim.uuid, parentUUID: namespace.uuid ?? .null, arena: arena, layout: layout
      ).encoded
      try media.write(region: index, block, at: base + arena.info2Offset)
      try media.write(region: index, block, at: base)
    }
    return attached
  }

  /// Zeros where info blocks are (ndctl/namespace.c:zero_info_block).
  func zeroInfoBlock(_ index: Int, _ id: Int) throws {
    let namespace = regions[index].namespaces[try position(index, id)]
    guard !namespace.isEnabled, namespace.claim == nil else { throw SimFault(16, "the namespace is in use") }
    guard namespace.size > 0 else { throw SimFault(6, "namespace\(index).\(id) has no size") }
    let count = min(PfnLayout.infoBlockReserve, namespace.size)
    try media.write(region: index, [UInt8](repeating: 0, count: Int(count)), at: namespace.offset)
    // It is bound in raw mode for that.
    advanceSeeds(index, id)
  }
}
