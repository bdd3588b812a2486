import PmemDevice
import PmemMedia

/// The identity of a namespace by its media, and how a claim writes it.
extension NvdimmModel {
  /// The driver's verdict on a namespace's media; the rules are ``NamespaceProbe``'s.
  func verdict(_ namespace: SimNamespace, region index: Int) -> NamespaceProbe.Verdict {
    let room = topology.regions[index].size - min(topology.regions[index].size, namespace.offset)
    let mapped = max(namespace.size, min(NamespaceProbe.reserve, room))
    let raw = SimRawMedia(namespace, region: index, media: media, size: mapped)
    return NamespaceProbe(raw, subject(namespace, region: index), size: namespace.size).verdict
  }

  private func subject(_ namespace: SimNamespace, region index: Int) -> NamespaceProbe.Subject {
    NamespaceProbe.Subject(
      uuid: namespace.uuid, claimClass: namespace.claimClass,
      start: topology.regions[index].base + namespace.offset, host: host)
  }

  /// The claim that the probe of a namespace makes (nd_btt_probe, nd_pfn_probe, nd_dax_probe).
  func claim(of block: NamespaceIdentity.Block, region index: Int) -> SimClaim {
    switch block {
    case .btt(let btt):
      return SimClaim(
        kind: .btt, id: regions[index].freeClaimID(.btt), uuid: btt.uuid,
        blockSize: UInt64(btt.externalBlockSize))
    case .pfn(let pfn):
      let kind: SimClaim.Kind = pfn.kind == .pfn ? .pfn : .dax
      return SimClaim(
        kind: kind, id: regions[index].freeClaimID(kind), uuid: pfn.uuid, map: pfn.map, align: pfn.align)
    }
  }

  /// The properties of an enabled claim, from a verdict that lets its driver bind; writes what the driver writes.
  func attached(
    _ claim: SimClaim, _ block: NamespaceIdentity.Block, _ probe: BttProbe?, _ namespace: SimNamespace,
    region index: Int
  ) throws -> SimClaim {
    switch block {
    case .pfn(let pfn): return self.claim(claim, from: pfn, namespace)
    case .btt:
      for write in probe?.writes ?? [] {
        try media.write(region: index, write.bytes, at: namespace.offset + write.offset)
      }
      var attached = claim
      attached.usable = (probe?.sectors ?? 0) &* Self.sector(claim.blockSize)
      return attached
    }
  }

  private func claim(
    _ claim: SimClaim, from block: PfnInfoBlock, _ namespace: SimNamespace
  ) -> SimClaim {
    var claim = claim
    claim.startPad = UInt64(block.startPad)
    claim.dataOffset = block.dataOffset
    claim.usable = namespace.size - UInt64(block.startPad) - UInt64(block.endTruncation) - block.dataOffset
    return claim
  }

  /// Binds the driver of a device that was configured to claim the namespace.
  func attach(_ claim: SimClaim, _ namespace: SimNamespace, region index: Int) throws -> SimClaim {
    switch claim.kind {
    case .btt: try attachBTT(claim, namespace, region: index)
    case .pfn, .dax: try attachPFN(claim, namespace, region: index)
    }
  }

  /// pfn_devs.c:nd_pfn_init: an info block that fits is used, else one is written.
  private func attachPFN(_ claim: SimClaim, _ namespace: SimNamespace, region index: Int) throws -> SimClaim {
    let kind: PfnInfoBlock.Kind = claim.kind == .pfn ? .pfn : .dax
    switch verdict(namespace, region: index) {
    case .refused(let refusal): throw KernelRefusal(refusal.errno, refusal.text)
    case .claimed(.pfn(let block), _) where block.kind == kind && block.uuid == claim.uuid:
      guard block.align == claim.align, block.map == claim.map else {
        throw KernelRefusal(95, "init failed, settings mismatch")
      }
      return self.claim(claim, from: block, namespace)
    case .stuck(.pfn(let block), let refusal) where block.kind == kind && block.uuid == claim.uuid:
      throw KernelRefusal(refusal.errno, refusal.text)
    default: break
    }
    let start = topology.regions[index].base + namespace.offset
    let layout: PfnLayout
    do throws(PfnLayout.Failure) {
      layout = try PfnLayout(
        start: start, size: namespace.size, align: claim.align, map: claim.map, host: host,
        neighbours: neighbours(of: index))
    } catch .misalignedStart {
      throw KernelRefusal(6, "start 0x\(String(start, radix: 16)) misaligned")
    } catch {
      throw KernelRefusal(6, "unable to satisfy requested alignment")
    }
    let block = PfnInfoBlock(
      kind: kind, uuid: claim.uuid, parentUUID: namespace.uuid ?? .null, map: claim.map, layout: layout,
      align: claim.align, host: host)
    try media.write(region: index, block.encoded, at: namespace.offset + PfnInfoBlock.offset)
    return self.claim(claim, from: block, namespace)
  }

  /// The sector size that the block layer sees (btt.c:btt_init).
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
    guard host.rules.mapping != .subsections, claim.kind != .btt else { return }
    let wanted = sections(claim, namespace, region: index)
    for (other, region) in regions.enumerated() {
      for neighbour in region.namespaces
      where neighbour.isEnabled && (other, neighbour.id) != (index, namespace.id) {
        guard let held = neighbour.claim, held.kind != .btt else { continue }
        guard !sections(held, neighbour, region: other).overlaps(wanted) else {
          throw KernelRefusal(6, "Conflicting mapping in same section as namespace\(other).\(neighbour.id)")
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

  private func bttProbe(_ namespace: SimNamespace, region index: Int) throws -> BttProbe {
    let raw = SimRawMedia(namespace, region: index, media: media)
    do throws(BttProbe.Refusal) {
      return try BttProbe(
        raw, version: bttVersion(namespace), parent: namespace.uuid ?? .null,
        isBounded: topology.profile.rules.boundsMediaNumbers)
    } catch { throw KernelRefusal(error.errno, error.text) }
  }

  /// btt.c:nvdimm_namespace_attach_btt and btt_arena_write_layout: map, log, the info block's copy, then the
  /// info block itself.
  private func attachBTT(_ claim: SimClaim, _ namespace: SimNamespace, region index: Int) throws -> SimClaim {
    let version = bttVersion(namespace)
    guard let layout = BttLayout(size: namespace.size, blockSize: claim.blockSize, version: version) else {
      throw KernelRefusal(6, "namespace must be at least \(BttLayout.minimumSize(version)) bytes")
    }
    var attached = claim
    attached.usable = layout.usable
    let found = try bttProbe(namespace, region: index)
    if let sectors = found.sectors {
      for write in found.writes {
        try media.write(region: index, write.bytes, at: namespace.offset + write.offset)
      }
      // The device keeps the block size that it was configured with.
      attached.usable = sectors &* Self.sector(claim.blockSize)
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

  /// Zeros at the offsets of info blocks (ndctl/namespace.c:zero_info_block).
  func zeroInfoBlock(_ index: Int, _ id: Int) throws {
    let namespace = regions[index].namespaces[try namespaceIndex(index, id)]
    guard !namespace.isEnabled, namespace.claim == nil else {
      throw KernelRefusal(16, "the namespace is in use")
    }
    guard namespace.size > 0 else { throw KernelRefusal(6, "namespace\(index).\(id) has no size") }
    let count = min(PfnLayout.infoBlockReserve, namespace.size)
    try media.write(region: index, [UInt8](repeating: 0, count: Int(count)), at: namespace.offset)
    // It is bound in raw mode for that.
    advanceSeeds(index, id)
  }
}
