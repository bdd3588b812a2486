import PmemDevice
import PmemMedia

extension SimKernel {
  // MARK: Claims

  /// Configures the btt, pfn or dax seed and attaches it to a namespace (claim.c:nd_namespace_store), with the
  /// class recorded in the label first as ndctl does (holder_class).
  func claim(_ index: Int, _ id: Int, _ claim: Claim) throws {
    let place = try position(index, id)
    var namespace = regions[index].namespaces[place]
    guard !namespace.isEnabled, namespace.claim == nil else { throw SimFault(16, "the namespace is claimed") }
    guard namespace.size >= PfnLayout.minimumSize else {
      throw SimFault(6, "namespace\(index).\(id) too small to host")
    }
    let kind: SimClaim.Kind =
      switch claim {
      case .fsdax: .pfn
      case .devdax: .dax
      case .sector: .btt
      }
    guard let seed = regions[index].claimSeeds[kind] else { throw SimFault(19, "there is no \(kind) seed") }
    var device = SimClaim(kind: kind, id: seed, uuid: .null)
    switch claim {
    case .fsdax(let map, let align, let uuid), .devdax(let map, let align, let uuid):
      guard RegionCapabilities.standard.fsdaxAlignments.contains(align) else {
        throw SimFault(22, "alignment \(align) is not supported")
      }
      (device.map, device.align, device.uuid) = (map, align, uuid)
    case .sector(let size, let uuid):
      guard RegionCapabilities.standard.sectorSizes.contains(size) else {
        throw SimFault(22, "sector size \(size) is not supported")
      }
      (device.blockSize, device.uuid) = (size, uuid)
    }
    namespace.claimClass = claimClass(of: kind, region: index)
    if isLabeled(index) { try updateLabels(index, namespace) }
    namespace.claim = device
    regions[index].namespaces[place] = namespace
  }

  /// namespace_devs.c:btt_claim_class for BTT: the version follows the labels.
  private func claimClass(of kind: SimClaim.Kind, region index: Int) -> ClaimClass {
    switch kind {
    case .pfn: .pfn
    case .dax: .dax
    case .btt: isLabeled(index) && labelVersion(index) == .v12 ? .btt2 : .btt
    }
  }

  func release(_ index: Int, _ id: Int) throws {
    let place = try position(index, id)
    guard !regions[index].namespaces[place].isEnabled else { throw SimFault(16, "the claim is active") }
    regions[index].namespaces[place].claim = nil
  }

  // MARK: Binding drivers

  /// Binds the claim's driver, or the namespace's, which probes for info blocks (pmem.c:nd_pmem_probe).
  func enableNamespace(_ index: Int, _ id: Int) throws {
    let place = try position(index, id)
    var namespace = regions[index].namespaces[place]
    guard !namespace.isEnabled else { return }
    guard namespace.size >= host.pageSize else { throw SimFault(19, "namespace\(index).\(id) is too small") }
    if let claim = namespace.claim {
      namespace.claim = try attach(claim, namespace, region: index)
    } else {
      namespace.claim = try probe(namespace, region: index)
      if namespace.claim == nil { try checkNativeMapping(namespace, region: index) }
    }
    namespace.isEnabled = true
    regions[index].namespaces[place] = namespace
    advanceSeeds(index, id)
  }

  /// Unbinds; a claim made for or found by the binding goes too, as libndctl's disable does.
  func disableNamespace(_ index: Int, _ id: Int) throws {
    let place = try position(index, id)
    regions[index].namespaces[place].isEnabled = false
    regions[index].namespaces[place].claim = nil
  }

  /// region_devs.c:nd_region_advance_seeds.
  private func advanceSeeds(_ index: Int, _ id: Int) {
    if let claim = regions[index].namespaces.first(where: { $0.id == id })?.claim,
      regions[index].claimSeeds[claim.kind] == claim.id
    {
      regions[index].claimSeeds[claim.kind] = nil
      regions[index].claimSeeds[claim.kind] = regions[index].freeClaimID(claim.kind)
    }
    guard isLabeled(index), regions[index].seed == id else { return }
    let seed = regions[index].freeNamespaceID
    regions[index].namespaces.append(SimNamespace(id: seed))
    regions[index].seed = seed
  }

  /// namespace_devs.c:nvdimm_namespace_common_probe: e820 ranges are mapped as they are.
  private func checkNativeMapping(_ namespace: SimNamespace, region index: Int) throws {
    let region = topology.regions[index]
    guard region.isE820 else { return }
    guard region.base % host.mapAlign == 0, region.size % host.mapAlign == 0 else {
      throw SimFault(95, "misaligned, unable to map")
    }
  }

  // MARK: Info blocks

  private func read(_ namespace: SimNamespace, region index: Int, at offset: UInt64, count: Int) throws
    -> [UInt8]
  {
    try media.read(region: index, at: namespace.offset + offset, count: count)
  }

  /// What a namespace's media says it is: nd_btt_probe, nd_pfn_probe, nd_dax_probe in that order.
  private func probe(_ namespace: SimNamespace, region index: Int) throws -> SimClaim? {
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
      guard let block = try pfnBlock(signature, namespace, region: index) else { continue }
      return claim(kind, from: block, namespace, id: regions[index].freeClaimID(kind))
    }
    return nil
  }

  private func claim(
    _ kind: SimClaim.Kind, from block: PfnInfoBlock, _ namespace: SimNamespace, id: Int
  ) -> SimClaim {
    var claim = SimClaim(kind: kind, id: id, uuid: block.uuid, map: block.map, align: block.align)
    claim.dataOffset = block.dataOffset
    claim.usable = namespace.size - UInt64(block.startPad) - UInt64(block.endTruncation) - block.dataOffset
    return claim
  }

  private func attach(_ claim: SimClaim, _ namespace: SimNamespace, region index: Int) throws -> SimClaim {
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
    do {
      layout = try PfnLayout(
        start: start, size: namespace.size, align: claim.align, map: claim.map, host: host)
    } catch .misalignedStart {
      throw SimFault(
        22, "start 0x\(String(start, radix: 16)) misaligned to 0x\(String(host.mapAlign, radix: 16))")
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
    guard let block = try? PfnInfoBlock(bytes), block.kind == kind,
      block.parentUUID == namespace.uuid ?? .null
    else { return nil }
    let start = topology.regions[index].base + namespace.offset
    let lost = UInt64(block.startPad) + UInt64(block.endTruncation)
    guard block.align <= namespace.size else { throw SimFault(95, "alignment exceeds capacity") }
    guard lost < namespace.size, block.dataOffset < namespace.size - lost else {
      throw SimFault(95, "bad offset with small namespace")
    }
    guard (start + block.dataOffset + UInt64(block.startPad)) % block.align == 0,
      block.dataOffset % host.pageSize == 0
    else { throw SimFault(95, "bad offset: 0x\(String(block.dataOffset, radix: 16)) dax disabled") }
    guard kind == .pfn || RegionCapabilities.standard.devdaxAlignments.contains(block.align) else {
      throw SimFault(95, "init failed, alignment mismatch")
    }
    guard (start + UInt64(block.startPad)) % host.mapAlign == 0 else {
      throw SimFault(95, "resource start misaligned")
    }
    guard (start + namespace.size - UInt64(block.endTruncation)) % host.mapAlign == 0 else {
      throw SimFault(95, "resource end misaligned")
    }
    return block
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
      attached.uuid = block.uuid
      attached.blockSize = UInt64(block.externalBlockSize)
      attached.usable = bttUsable(namespace, attached)
      return attached
    }
    for arena in layout.arenas {
      let base = namespace.offset + arena.offset
      try media.zero(region: index, at: base + arena.mapOffset, count: arena.logOffset - arena.mapOffset)
      try media.write(region: index, BttInfoBlock.freshLog(arena), at: base + arena.logOffset)
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
    let count = min(PfnLayout.infoBlockReserve, namespace.size)
    try media.write(region: index, [UInt8](repeating: 0, count: Int(count)), at: namespace.offset)
  }
}
