import PmemDevice
import PmemMedia

/// libnvdimm: regions, namespaces, labels, seeds and claims, over the media of a simulated machine.
///
/// The rules and error numbers are those of drivers/nvdimm (6.12 unless a profile says otherwise), each named in the
/// code that follows it. Refusals are thrown as ``KernelRefusal``.
final class NvdimmModel {
  /// With the regions of CXL.
  private(set) var topology: SimTopology
  private(set) var cxl: CxlModel
  let media: SimMedia
  var regions: [SimRegion] { didSet { changes &+= 1 } }
  /// How often ``regions`` may have changed.
  private(set) var changes = 0
  /// The users of namespaces; none while it boots.
  weak var users: (any NamespaceUsers)?
  var labels: [Int: SimLabels]
  /// DIMMs that have had a valid index block since the boot (NDD_LABELING): the kernel never takes that back.
  private(set) var labeling: Set<Int> = []
  /// DIMMs whose driver is unbound.
  private(set) var disabledDimms: Set<Int> = []
  /// DIMMs that have a passphrase and are unlocked, and those whose security is frozen: until the next power cycle.
  var openDimms: Set<Int> = []
  var frozenDimms: Set<Int> = []
  var scrub = ScrubState()
  let host: HostFacts

  /// Boots: reads the labels of every DIMM and enables every region.
  init(booting topology: SimTopology, media: SimMedia) throws {
    cxl = CxlModel(
      booting: topology.cxl, platformRegions: topology.regions.count, rules: topology.profile.rules)
    self.topology = topology.having(cxl.state)
    self.media = media
    host = Self.host(of: topology)
    media.topology = self.topology
    try media.cyclePower()
    regions = [SimRegion](repeating: SimRegion(), count: topology.regions.count)
    labels = try Self.readLabels(topology, media)
    frozenDimms = Set(topology.dimms.indices.filter { media.security[$0]?.isFrozenByFirmware == true })
    // dimm.c:nvdimm_probe: a locked DIMM refuses commands, and its probe fails.
    disabledDimms = Set(labels.filter { $0.value.refusal != nil }.keys).union(
      topology.dimms.indices.filter { isLocked($0) || isCxlWithoutLabels($0) })
    noteLabeling()
    // A region whose labels cannot be assembled is left disabled, and the boot continues.
    for index in regions.indices { do { try enableRegion(index) } catch is KernelRefusal {} }
  }

  /// Continues from a saved state; labels are always read from the media.
  init(resuming state: NvdimmState, topology: SimTopology, media: SimMedia) throws {
    cxl = CxlModel(
      resuming: state.cxl, hardware: topology.cxl, platformRegions: topology.regions.count,
      rules: topology.profile.rules)
    self.topology = topology.having(state.cxl)
    self.media = media
    media.topology = self.topology
    regions = state.regions
    disabledDimms = state.disabledDimms
    openDimms = state.openDimms
    frozenDimms = state.frozenDimms
    scrub = state.scrub
    labeling = state.labeling
    host = Self.host(of: topology)
    labels = try Self.readLabels(topology, media)
    noteLabeling()
  }

  private static func host(of topology: SimTopology) -> HostFacts {
    HostFacts(kernelRelease: topology.profile.rawValue)
  }

  private static func readLabels(_ topology: SimTopology, _ media: SimMedia) throws -> [Int: SimLabels] {
    var labels: [Int: SimLabels] = [:]
    for (index, dimm) in topology.dimms.enumerated() where dimm.labelArea > 0 {
      labels[index] = try SimLabels(
        dimm: index, areaSize: dimm.labelArea, rules: topology.profile.rules, media: media)
    }
    return labels
  }

  /// The state to save.
  var state: NvdimmState {
    NvdimmState(
      cxl: cxl.state, regions: regions, labeling: labeling, disabledDimms: disabledDimms,
      openDimms: openDimms,
      frozenDimms: frozenDimms, scrub: scrub)
  }

  /// Takes over what drivers/cxl has: regions that are new are disabled, others stay as they are.
  func adopt(_ changed: CxlModel) {
    guard changed != cxl else { return }
    cxl = changed
    topology = topology.having(cxl.state)
    media.topology = topology
    var regions = Array(regions.prefix(topology.regions.count))
    while regions.count < topology.regions.count { regions.append(SimRegion()) }
    self.regions = regions
  }

  // MARK: Regions

  /// Whether labels divide the region (region_devs.c:nd_region_to_nstype): any of its DIMMs has, or had, an index
  /// block.
  func isLabeled(_ index: Int) -> Bool { topology.regions[index].dimms.contains(where: labeling.contains) }

  /// dimm.c:nvdimm_probe sets NDD_LABELING if an index block is found, and every label can be reserved; a CXL device has it
  /// from the start (drivers/cxl/pmem.c:cxl_nvdimm_probe).
  private func noteLabeling() {
    labeling.formUnion(topology.dimms.indices.filter { topology.dimms[$0].device != nil })
    for (dimm, area) in labels where area.index != nil && !disabledDimms.contains(dimm) {
      labeling.insert(dimm)
    }
  }

  /// label.c:nd_label_data_init: one that must have labels has no driver without an area for them.
  private func isCxlWithoutLabels(_ dimm: Int) -> Bool {
    topology.dimms[dimm].device != nil && topology.dimms[dimm].labelArea == 0
  }

  /// What the labels of its first DIMM are written as: the cookie of the set follows it
  /// (region_devs.c:nd_region_interleave_set_cookie). Index blocks that name another version than 1.1 are those of 1.2, whatever
  /// the size of their labels.
  func labelVersion(_ index: Int) -> LabelVersion {
    guard let first = topology.regions[index].dimms.first.flatMap({ labels[$0] }) else { return .v12 }
    return first.index?.cookieVersion ?? first.version
  }

  /// region.c:nd_region_probe.
  func enableRegion(_ index: Int) throws {
    guard !regions[index].isEnabled else { return }
    // namespace_devs.c:init_active_labels.
    if let dimm = topology.regions[index].dimms.first(where: isLocked) {
      throw KernelRefusal(6, "region\(index): nmem\(dimm): is locked, failing probe")
    }
    // region_devs.c:nd_region_activate.
    if let dimm = topology.regions[index].dimms.first(where: isOverwriting) {
      throw KernelRefusal(6, "region\(index): nmem\(dimm) is overwriting its data (EBUSY)")
    }
    if let dimm = topology.regions[index].dimms.first(where: disabledDimms.contains), labeling.contains(dimm)
    {
      throw KernelRefusal(6, "region\(index): nmem\(dimm): is disabled, failing probe")
    }
    var region = SimRegion()
    region.isEnabled = true
    region.namespaces = try isLabeled(index) ? scanLabels(index) : [labellessNamespace(index)]
    region.seed = region.namespaces.first?.id
    region.claimSeeds = [.pfn: 0, .dax: 0, .btt: 0]
    regions[index] = region
    for namespace in region.namespaces where namespace.size > 0 {
      // A namespace that cannot be enabled is left disabled, the region is enabled all the same.
      do { try enableNamespace(index, namespace.id) } catch is KernelRefusal {} catch let error as DeviceError
        where error.errno == 5 && !media.power.isOff
      {}
    }
  }

  /// region.c:nd_region_remove: the namespaces go with it.
  func disableRegion(_ index: Int) throws {
    try users?.checkNotHeld(index, nil)
    try checkNotOnline(index, nil)
    users?.revoke(index, nil)
    regions[index] = SimRegion()
  }

  /// The driver of a namespace's device is unbound, whoever did it.
  func unbind(_ index: Int, _ id: Int) {
    guard let number = try? namespaceIndex(index, id) else { return }
    regions[index].namespaces[number].isEnabled = false
    regions[index].namespaces[number].claim = nil
  }

  // MARK: DIMMs

  /// Fresh labels, then the driver reads them: the kernel refuses writes to the label area of a DIMM in use
  /// (bus.c:nd_cmd_clear_to_send).
  func initializeLabels(_ dimm: Int, _ version: LabelVersion) throws {
    guard labels[dimm] != nil else { throw KernelRefusal(6, "nmem\(dimm) has no label area") }
    try checkDimmIdle(dimm)
    try labels[dimm]?.overwrite(version)
    try rereadLabels(dimm)
  }

  /// Writes the whole label area, then the driver reads it again.
  func writeLabels(_ dimm: Int, _ bytes: [UInt8]) throws {
    guard labels[dimm] != nil else { throw KernelRefusal(6, "nmem\(dimm) has no label area") }
    guard bytes.count == Int(topology.dimms[dimm].labelArea) else {
      throw KernelRefusal(22, "the label area of nmem\(dimm) has another size")
    }
    try checkDimmIdle(dimm)
    for part in LabelWriteOrder(bytes).parts {
      try media.writeLabels(dimm: dimm, Array(bytes[part]), at: part.lowerBound)
    }
    try rereadLabels(dimm)
  }

  /// The driver is bound again, if it was bound: it reads labels only then.
  private func rereadLabels(_ dimm: Int) throws {
    labels[dimm] = try SimLabels(
      dimm: dimm, areaSize: topology.dimms[dimm].labelArea, rules: topology.profile.rules,
      media: media)
    guard !disabledDimms.contains(dimm) else { return }
    disabledDimms.insert(dimm)
    try enableDimm(dimm)
  }

  /// dimm.c:nvdimm_probe.
  func enableDimm(_ dimm: Int) throws {
    guard !isLocked(dimm) else { throw KernelRefusal(6, "nmem\(dimm) is locked: its probe fails (EACCES)") }
    guard !isCxlWithoutLabels(dimm) else { throw KernelRefusal(6, "nmem\(dimm) has no label area") }
    if let refusal = labels[dimm]?.refusal {
      // Whatever the probe fails with, libndctl reports that the DIMM is not enabled.
      throw KernelRefusal(6, "nmem\(dimm): \(refusal)")
    }
    disabledDimms.remove(dimm)
    noteLabeling()
  }

  /// The firmware freezes a DIMM at power on, or no longer; one whose security was removed is neither unlocked nor frozen.
  func noteFirmware(_ dimm: Int) {
    let record = media.security[dimm]
    if record?.isFrozenByFirmware == true { frozenDimms.insert(dimm) } else { frozenDimms.remove(dimm) }
    if record?.passphrase == nil { openDimms.remove(dimm) }
  }

  /// The kernel would unbind it under its regions; libndctl does not ask it to (dimm->busy).
  func disableDimm(_ dimm: Int) throws {
    try checkDimmIdle(dimm)
    disabledDimms.insert(dimm)
  }

  private func checkDimmIdle(_ dimm: Int) throws {
    // Regions hold only those that have labels to hold (namespace_devs.c:init_active_labels).
    guard labels[dimm] != nil, !disabledDimms.contains(dimm) else { return }
    let users = topology.regions.indices.filter { topology.regions[$0].dimms.contains(dimm) }
    guard users.allSatisfy({ !regions[$0].isEnabled }) else {
      throw KernelRefusal(16, "nmem\(dimm) is in use")
    }
  }

  private func labellessNamespace(_ index: Int) -> SimNamespace {
    var namespace = SimNamespace(id: 0)
    namespace.size = topology.regions[index].size
    return namespace
  }

  /// namespace_devs.c:scan_labels: the namespaces that the labels describe, or one empty device if there are none.
  private func scanLabels(_ index: Int) throws -> [SimNamespace] {
    let region = topology.regions[index]
    let members = region.dimms.enumerated().map { position, dimm in
      SetProbe.Member(
        labels: activeLabels(dimm), extent: Extent(offset: region.offset(at: position), length: region.share))
    }
    let probe: SetProbe
    do throws(SetProbe.Refusal) {
      probe = try SetProbe(
        members, cookie: topology.cookie(of: region, version: labelVersion(index)),
        alternate: topology.alternateCookie(of: region),
        type: region.isCxl ? NamespaceLabel.cxlMemory : NamespaceLabel.persistentMemory)
      // The probe fails with ENODEV; libndctl reports that the region is not enabled.
    } catch { throw KernelRefusal(6, "region\(index): \(error.text)") }
    var found = probe.found.map { found in
      var namespace = SimNamespace(id: 0)
      namespace.uuid = found.label.uuid
      namespace.name = found.label.name
      namespace.offset = found.offset
      namespace.size = found.size
      namespace.sectorSize = found.label.sectorSize
      namespace.claimClass = found.label.claimClass
      return namespace
    }
    // cmp_dpa() compares the addresses with memcmp(): on x86 by their lowest bytes first.
    if !topology.profile.rules.dividesRegions { found = Array(found.prefix(1)) }
    found.sort { Self.littleEndianPrecedes(region.base + $0.offset, region.base + $1.offset) }
    guard !found.isEmpty else { return [SimNamespace(id: 0)] }
    for id in found.indices { found[id].id = id }
    return found
  }

  /// The labels of a DIMM whose driver is bound, in the order of their slots.
  func activeLabels(_ dimm: Int) -> [NamespaceLabel] {
    guard !disabledDimms.contains(dimm), let labels = labels[dimm]?.labels else { return [] }
    return labels.sorted { $0.key < $1.key }.map(\.value)
  }

  private static func littleEndianPrecedes(_ left: UInt64, _ right: UInt64) -> Bool {
    left.byteSwapped < right.byteSwapped
  }

  /// A checksum of all labels in force: it changes if another program writes any.
  var labelFingerprint: UInt64 {
    fletcher64(labels.sorted { $0.key < $1.key }.flatMap(\.value.encoded))
  }

  /// At most how many lines describe it after one more change: enabling a region can find as many namespaces as there
  /// are labels.
  var mostLines: Int {
    let labels = labels.values.reduce(0) { $0 + $1.labels.count }
    return labels + regions.reduce(0) { $0 + $1.namespaces.count + 1 }
  }

  // MARK: Finding

  /// The indices of a namespace in ``regions``.
  func namespaceIndex(_ index: Int, _ id: Int) throws -> Int {
    guard regions.indices.contains(index), regions[index].isEnabled,
      let position = regions[index].namespaces.firstIndex(where: { $0.id == id })
    else { throw KernelRefusal(6, "there is no namespace\(index).\(id)") }
    return position
  }
}
