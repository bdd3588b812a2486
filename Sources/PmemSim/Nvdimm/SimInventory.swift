import PmemDevice

/// The inventory of the simulated kernel, as libndctl would report it.
struct SimInventory {
  private let nvdimm: NvdimmModel
  private var topology: SimTopology { nvdimm.topology }

  init(_ nvdimm: NvdimmModel) { self.nvdimm = nvdimm }

  var inventory: Inventory {
    Inventory(
      host: nvdimm.host, buses: topology.buses.enumerated().map { bus($0.element, $0.offset) },
      otherDaxRegions: topology.regions.indices.filter { topology.regions[$0].origin == .volatile }
        .map(volatileRegion),
      cxl: SimCxlInventory(nvdimm.cxl, dimms: topology.dimmsByDevice).topology)
  }

  private func bus(_ kind: SimTopology.BusKind, _ number: Int) -> Bus {
    let dimms = topology.dimms.indices.filter {
      topology.dimms[$0].device == nil ? kind == .nfit : kind == .cxl
    }
    let regions = topology.regions.indices.filter { index in
      let region = topology.regions[index]
      switch kind {
      case .nfit: return region.origin == .platform && !region.isE820
      case .e820: return region.isE820
      case .cxl: return region.isCxl
      }
    }
    let provider =
      switch kind {
      case .nfit: "ACPI.NFIT"
      case .e820: "e820"
      case .cxl: Bus.cxlProvider
      }
    return Bus(
      dev: "ndbus\(number)", provider: provider, scrubState: nvdimm.scrub(ofBus: number).state?.rawValue,
      canClearErrors: kind == .nfit, dimms: dimms.map(dimm), regions: regions.map(region))
  }

  /// The DAX region of a volatile CXL region.
  private func volatileRegion(_ index: Int) -> DaxRegion {
    let devices = nvdimm.regions[index].namespaces.compactMap { device in
      device.claim.map { nvdimm.daxDevice($0, index, device.id) }
    }
    return DaxRegion(
      id: index, size: ByteCount(topology.regions[index].size), align: topology.regions[index].align,
      path: "platform/ACPI0017:00/root0/region\(index)/dax_region\(index)", devices: devices)
  }

  private func dimm(_ index: Int) -> DIMM {
    DIMM(
      dev: "nmem\(index)", id: topology.id(ofDimm: index),
      // A CXL device has neither (drivers/cxl/pmem.c).
      handle: topology.dimms[index].device == nil ? UInt32(index + 1) : nil,
      physicalID: topology.dimms[index].device == nil ? 0 : nil,
      isEnabled: !nvdimm.disabledDimms.contains(index), flags: nvdimm.media.health.flags(of: index),
      security: nvdimm.securityState(index)?.rawValue,
      isSecurityFrozen: nvdimm.media.security[index] != nil && nvdimm.frozenDimms.contains(index),
      // A driver that is unbound holds no labels (dimm_devs.c:available_slots_show).
      labels: nvdimm.disabledDimms.contains(index)
        ? nil
        : nvdimm.labels[index].map {
          LabelArea(availableSlots: $0.availableSlots, version: $0.version, isBlank: $0.index == nil)
        })
  }

  private func region(_ index: Int) -> Region {
    let hardware = topology.regions[index]
    let state = nvdimm.regions[index]
    let isLabeled = nvdimm.isLabeled(index)
    // The labels of a disabled DIMM are unknown (region_devs.c:set_cookie_show, available_size_show).
    let isKnown = !hardware.dimms.contains(where: nvdimm.disabledDimms.contains)
    let isFirstKnown = !(hardware.dimms.first.map(nvdimm.disabledDimms.contains) ?? false)
    // region_devs.c:region_badblocks_show: they are the driver's.
    let badBlocks = nvdimm.regions[index].isEnabled ? nvdimm.media.badBlocks.extents(ofRegion: index) : []
    return Region(
      id: index, size: ByteCount(hardware.size), resource: hardware.base, align: hardware.align,
      availableSize: ByteCount(isKnown ? nvdimm.availableSize(index) : 0),
      maxAvailableExtent: ByteCount(nvdimm.maxAvailableExtent(index)), numaNode: hardware.node,
      targetNode: hardware.node,
      isetID: isLabeled
        ? topology.cookie(of: hardware, version: isFirstKnown ? nvdimm.labelVersion(index) : .v11) : nil,
      mappings: mappings(hardware),
      capabilities: state.isEnabled ? .standard(for: topology.profile.rules) : .none,
      isEnabled: state.isEnabled, isLabeled: isLabeled,
      namespaceSeed: state.seed.map { "namespace\(index).\($0)" },
      badblockCount: Self.count(badBlocks), badBlocks: badBlocks,
      namespaces: state.namespaces.map { namespace($0, region: index) }.sorted { $0.id < $1.id })
  }

  private func mappings(_ region: SimTopology.Region) -> [RegionMapping] {
    region.dimms.enumerated().map { position, dimm in
      RegionMapping(
        dimm: "nmem\(dimm)", offset: region.offset(at: position), length: region.share, position: position)
    }
  }

  /// One namespace as the kernel presents it; nil if there is none of that number.
  func namespace(_ id: Int, region index: Int) -> Namespace? {
    guard nvdimm.regions.indices.contains(index) else { return nil }
    return nvdimm.regions[index].namespaces.first { $0.id == id }.map { namespace($0, region: index) }
  }

  private func namespace(_ state: SimNamespace, region index: Int) -> Namespace {
    let hardware = topology.regions[index]
    let labeled = nvdimm.isLabeled(index)
    let claim = state.claim
    var namespace = Namespace(
      regionID: index, id: state.id, size: ByteCount(state.size), rawSize: ByteCount(state.size),
      uuid: labeled ? state.uuid ?? .null : nil, sectorSize: state.sectorSize == 4096 ? 4096 : 512,
      name: state.name.isEmpty ? nil : state.name, numaNode: hardware.node, targetNode: hardware.node,
      isEnabled: state.isEnabled, resource: state.size > 0 ? hardware.base + state.offset : nil,
      holder: state.claim.map { "\($0.kind)\(index).\($0.id)" })
    if hardware.isE820, claim == nil {
      namespace.mode = .fsdax
      namespace.map = .mem
    }
    let extent = Extent(offset: state.offset, length: state.size)
    namespace.badblockCount = Self.count(
      nvdimm.media.badBlocks.extents(ofRegion: index).compactMap { $0.intersection(extent) })
    if state.isEnabled { namespace.blockDevice = blockDevice(state, region: index) }
    guard let claim else { return namespace }
    describe(claim, state, in: &namespace)
    return namespace
  }

  private static func count(_ extents: [Extent]) -> Int {
    Int(extents.reduce(0) { $0 + $1.length } / SimBadBlocks.unit)
  }

  private func describe(_ claim: SimClaim, _ state: SimNamespace, in namespace: inout Namespace) {
    // A claim shows its settings before it is enabled, its size only then.
    if state.isEnabled { namespace.size = ByteCount(claim.usable) }
    namespace.rawUUID = namespace.uuid
    namespace.uuid = claim.uuid
    switch claim.kind {
    case .btt:
      namespace.mode = .sector
      // A setting that the kernel does not offer is not shown (core.c:nd_size_select_show).
      namespace.sectorSize =
        RegionCapabilities.standard.sectorSizes.contains(claim.blockSize) ? claim.blockSize : nil
    case .pfn:
      namespace.mode = .fsdax
      namespace.map = claim.map
      namespace.align = claim.align
    case .dax:
      namespace.mode = .devdax
      namespace.map = claim.map
      namespace.align = claim.align
      namespace.sectorSize = nil
      if state.isEnabled { namespace.daxRegion = daxRegion(claim, state, namespace) }
    }
  }

  private func daxRegion(_ claim: SimClaim, _ state: SimNamespace, _ namespace: Namespace) -> DaxRegion {
    let device = nvdimm.daxDevice(claim, namespace.regionID, state.id)
    return DaxRegion(id: namespace.regionID, size: namespace.size, align: claim.align, devices: [device])
  }

  /// namespace_devs.c:nvdimm_namespace_disk_name.
  private func blockDevice(_ state: SimNamespace, region index: Int) -> String? {
    guard state.claim?.kind != .dax else { return nil }
    let number = state.id == 0 ? "\(index)" : "\(index).\(state.id)"
    return "pmem\(number)" + (state.claim?.kind == .btt ? "s" : "")
  }
}
