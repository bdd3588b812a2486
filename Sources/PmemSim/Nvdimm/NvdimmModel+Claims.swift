import PmemDevice
import PmemMedia

extension NvdimmModel {
  // MARK: Claims

  /// Configures the btt, pfn or dax seed and attaches it to a namespace (claim.c:nd_namespace_store), with the
  /// class recorded in the label first as ndctl does (holder_class).
  func claim(_ index: Int, _ id: Int, _ claim: Claim) throws {
    let number = try namespaceIndex(index, id)
    var namespace = regions[index].namespaces[number]
    guard !namespace.isEnabled, namespace.claim == nil else {
      throw KernelRefusal(16, "the namespace is claimed")
    }
    let kind: SimClaim.Kind =
      switch claim {
      case .fsdax: .pfn
      case .devdax: .dax
      case .sector: .btt
      }
    guard kind != .dax || topology.profile.rules.hasDeviceDax, let seed = regions[index].claimSeeds[kind]
    else { throw KernelRefusal(19, "there is no \(kind) seed") }
    guard !regions[index].namespaces.contains(where: { $0.claim?.kind == kind && $0.claim?.id == seed })
    else {
      throw KernelRefusal(16, "\(kind)\(index).\(seed) waits for another namespace to be enabled")
    }
    // The class first (holder_class_store), as ndctl does: it stays even if the rest fails.
    namespace.claimClass = try claimClass(of: kind, region: index)
    if isLabeled(index) { try updateLabels(index, namespace) }
    regions[index].namespaces[number] = namespace
    var device = SimClaim(kind: kind, id: seed, uuid: .null)
    switch claim {
    case .fsdax(let map, let align, let uuid), .devdax(let map, let align, let uuid):
      guard RegionCapabilities.standard.fsdaxAlignments.contains(align) else {
        throw KernelRefusal(22, "alignment \(align) is not supported")
      }
      (device.map, device.align, device.uuid) = (map, align, uuid)
    case .sector(let size, let uuid):
      guard RegionCapabilities.standard.sectorSizes.contains(size) else {
        throw KernelRefusal(22, "sector size \(size) is not supported")
      }
      (device.blockSize, device.uuid) = (size, uuid)
    }
    guard namespace.size >= PfnLayout.minimumSize else {
      throw KernelRefusal(6, "namespace\(index).\(id) too small to host")
    }
    namespace.claim = device
    regions[index].namespaces[number] = namespace
  }

  /// Writes holder_class (namespace_devs.c:holder_class_store).
  func setMode(_ index: Int, _ id: Int, _ mode: NamespaceMode) throws {
    let number = try namespaceIndex(index, id)
    var namespace = regions[index].namespaces[number]
    guard !namespace.isEnabled, namespace.claim == nil else {
      throw KernelRefusal(16, "the namespace is claimed")
    }
    guard namespace.size > 0 else { throw KernelRefusal(6, "namespace\(index).\(id) has no size") }
    namespace.claimClass =
      switch mode {
      case .fsdax: .pfn
      case .devdax: .dax
      case .sector: try bttClass(index)
      case .raw: ClaimClass.none
      }
    if isLabeled(index) { try updateLabels(index, namespace) }
    regions[index].namespaces[number] = namespace
  }

  private func claimClass(of kind: SimClaim.Kind, region index: Int) throws -> ClaimClass {
    switch kind {
    case .pfn: .pfn
    case .dax: .dax
    case .btt: try bttClass(index)
    }
  }

  /// namespace_devs.c:btt_claim_class: the version follows the labels, on which all DIMMs must agree.
  private func bttClass(_ index: Int) throws -> ClaimClass {
    let dimms = topology.regions[index].dimms
    guard isLabeled(index), !dimms.contains(where: disabledDimms.contains) else { return .btt }
    // Without an index block the kernel will write 1.2, which is no reason to agree with one that is there.
    let formats = Set(dimms.map { labels[$0]?.index?.cookieVersion })
    guard formats.count == 1, let format = formats.first else {
      throw KernelRefusal(6, "the DIMMs of region\(index) have labels of different versions")
    }
    return (format ?? labelVersion(index)) == .v11 ? .btt : .btt2
  }

  func release(_ index: Int, _ id: Int) throws {
    let number = try namespaceIndex(index, id)
    guard !regions[index].namespaces[number].isEnabled else { throw KernelRefusal(16, "the claim is active") }
    regions[index].namespaces[number].claim = nil
  }

  // MARK: Binding drivers

  /// Binds the claim's driver, or the namespace's, which probes for info blocks (pmem.c:nd_pmem_probe).
  /// A refusal leaves it disabled.
  func enableNamespace(_ index: Int, _ id: Int) throws {
    let number = try namespaceIndex(index, id)
    var namespace = regions[index].namespaces[number]
    guard !namespace.isEnabled else { return }
    guard namespace.size >= host.pageSize else {
      throw KernelRefusal(6, "namespace\(index).\(id) is too small")
    }
    if let claim = namespace.claim {
      namespace.claim = try attach(claim, namespace, region: index)
      if let claim = namespace.claim { try checkSections(claim, namespace, region: index) }
    } else {
      namespace = try probed(namespace, region: index)
    }
    namespace.isEnabled = true
    regions[index].namespaces[number] = namespace
    advanceSeeds(index, id)
  }

  /// A namespace as its driver's probe leaves it; a claim whose own driver does not bind stays.
  private func probed(_ namespace: SimNamespace, region index: Int) throws -> SimNamespace {
    let number = try namespaceIndex(index, namespace.id)
    var probed = namespace
    switch verdict(namespace, region: index) {
    case .raw: try checkNativeMapping(namespace, region: index)
    case .refused(let refusal):
      // bus.c:nvdimm_bus_probe treats EOPNOTSUPP as success for seeds.
      advanceSeeds(index, namespace.id)
      throw KernelRefusal(refusal.errno, refusal.text)
    case .stuck(let block, let refusal):
      regions[index].namespaces[number].claim = claim(of: block, region: index)
      // libndctl returns that, whatever the claim's driver returned.
      throw KernelRefusal(6, refusal.text)
    case .claimed(let block, let attached):
      let claim = try self.attached(
        claim(of: block, region: index), block, attached, namespace, region: index)
      do { try checkSections(claim, namespace, region: index) } catch {
        regions[index].namespaces[number].claim = self.claim(of: block, region: index)
        throw error
      }
      probed.claim = claim
    }
    return probed
  }

  /// Unbinds; a claim made for or found by the binding goes too, as libndctl's disable does.
  func disableNamespace(_ index: Int, _ id: Int) throws {
    let number = try namespaceIndex(index, id)
    try users?.checkNotHeld(index, id)
    try checkNotOnline(index, id)
    regions[index].namespaces[number].isEnabled = false
    regions[index].namespaces[number].claim = nil
    users?.revoke(index, id)
  }

  /// region_devs.c:nd_region_advance_seeds.
  func advanceSeeds(_ index: Int, _ id: Int) {
    if let claim = regions[index].namespaces.first(where: { $0.id == id })?.claim,
      regions[index].claimSeeds[claim.kind] == claim.id
    {
      regions[index].claimSeeds[claim.kind] = nil
      regions[index].claimSeeds[claim.kind] = regions[index].freeClaimID(claim.kind)
    }
    guard isLabeled(index), regions[index].seed == id, topology.profile.rules.dividesRegions else { return }
    let seed = regions[index].freeNamespaceID
    regions[index].namespaces.append(SimNamespace(id: seed))
    regions[index].seed = seed
  }

  /// namespace_devs.c:nvdimm_namespace_common_probe: e820 ranges are mapped as they are.
  private func checkNativeMapping(_ namespace: SimNamespace, region index: Int) throws {
    let region = topology.regions[index]
    guard region.isE820 else { return }
    guard region.base % host.mapAlign == 0, region.size % host.mapAlign == 0 else {
      throw KernelRefusal(95, "misaligned, unable to map")
    }
  }
}
