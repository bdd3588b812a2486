import PmemDevice
import PmemMedia

/// libnvdimm: regions, namespaces, labels, seeds and claims, over the media of a simulated machine.
///
/// The rules and error numbers are those of drivers/nvdimm (6.12 unless a profile says otherwise), each named
/// where it is followed. Refusals are thrown as ``SimFault``.
final class SimKernel {
  let topology: SimTopology
  let media: SimMedia
  var regions: [SimRegion]
  var labels: [Int: SimLabels]
  /// DIMMs that have had a valid index block since the boot (NDD_LABELING): the kernel never takes that back.
  private(set) var labeling: Set<Int> = []
  /// DIMMs whose driver is unbound.
  private(set) var disabledDimms: Set<Int> = []
  /// What runs on it.
  var memory = SimMemory()
  /// Rules that are taken out of the model.
  package var withoutRules: Set<SimRule> = []
  var isWaking = false
  /// Processes that went on since somebody asked, and what came of it.
  var woken: [(pid: Int, outcome: String)] = []
  let host: HostFacts

  /// Boots: reads the labels of every DIMM and enables every region.
  init(booting topology: SimTopology, media: SimMedia) throws {
    self.topology = topology
    self.media = media
    host = Self.host(of: topology)
    regions = [SimRegion](repeating: SimRegion(), count: topology.regions.count)
    labels = try Self.readLabels(topology, media)
    noteLabeling()
    for index in regions.indices { try enableRegion(index) }
  }

  /// Goes on from a remembered state; labels are always read from the media.
  init(resuming runtime: SimRuntime, topology: SimTopology, media: SimMedia) throws {
    self.topology = topology
    self.media = media
    regions = runtime.regions
    memory = runtime.memory
    disabledDimms = runtime.disabledDimms
    labeling = runtime.labeling
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
      labels[index] = try SimLabels(dimm: index, areaSize: dimm.labelArea, media: media)
    }
    return labels
  }

  // MARK: Regions

  /// Whether labels divide the region (region_devs.c:nd_region_to_nstype): any of its DIMMs has, or had, an index
  /// block.
  func isLabeled(_ index: Int) -> Bool { topology.regions[index].dimms.contains(where: labeling.contains) }

  /// dimm.c:nvdimm_probe sets NDD_LABELING where an index block is found.
  private func noteLabeling() {
    for (dimm, area) in labels where area.index != nil && isKnown(area.version) { labeling.insert(dimm) }
  }

  /// Whether this kernel reads labels of a version.
  private func isKnown(_ version: LabelVersion) -> Bool {
    version == .v11 || topology.profile.rules.newestLabels == .v12
  }

  func labelVersion(_ index: Int) -> LabelVersion {
    topology.regions[index].dimms.first.flatMap { labels[$0]?.version } ?? .v12
  }

  /// region.c:nd_region_probe.
  func enableRegion(_ index: Int) throws {
    guard !regions[index].isEnabled else { return }
    // namespace_devs.c:init_active_labels.
    if let dimm = topology.regions[index].dimms.first(where: disabledDimms.contains), labeling.contains(dimm)
    {
      throw SimFault(6, "region\(index): nmem\(dimm): is disabled, failing probe")
    }
    var region = SimRegion()
    region.isEnabled = true
    region.namespaces = isLabeled(index) ? scanLabels(index) : [labellessNamespace(index)]
    region.seed = region.namespaces.first?.id
    region.claimSeeds = [.pfn: 0, .dax: 0, .btt: 0]
    regions[index] = region
    for namespace in region.namespaces where namespace.size > 0 {
      // A namespace that cannot be enabled is left disabled, the region is enabled all the same.
      do { try enableNamespace(index, namespace.id) } catch is SimFault {} catch let error as DeviceError
        where error.errno == 5 && !media.power.isOff
      {}
    }
  }

  /// region.c:nd_region_remove: the namespaces go with it.
  func disableRegion(_ index: Int) throws {
    try checkNotHeld(index, nil)
    try checkNotOnline(index, nil)
    revoke(index, nil)
    regions[index] = SimRegion()
  }

  // MARK: DIMMs

  /// What `ndctl init-labels` does: the kernel refuses writes to the label area of a DIMM in use
  /// (bus.c:nd_cmd_clear_to_send).
  func initializeLabels(_ dimm: Int, _ version: LabelVersion) throws {
    guard labels[dimm] != nil else { throw SimFault(6, "nmem\(dimm) has no label area") }
    try checkDimmIdle(dimm)
    try labels[dimm]?.initialize(version)
    if !disabledDimms.contains(dimm) { noteLabeling() }
  }

  /// The whole label area, then the driver reads it anew.
  func writeLabels(_ dimm: Int, _ bytes: [UInt8]) throws {
    guard labels[dimm] != nil else { throw SimFault(6, "nmem\(dimm) has no label area") }
    guard bytes.count == Int(topology.dimms[dimm].labelArea) else {
      throw SimFault(22, "the label area of nmem\(dimm) has another size")
    }
    try checkDimmIdle(dimm)
    for part in LabelWriteOrder(bytes).parts {
      try media.writeLabels(dimm: dimm, Array(bytes[part]), at: part.lowerBound)
    }
    labels[dimm] = try SimLabels(dimm: dimm, areaSize: topology.dimms[dimm].labelArea, media: media)
    if !disabledDimms.contains(dimm) { noteLabeling() }
  }

  func enableDimm(_ dimm: Int) {
    disabledDimms.remove(dimm)
    noteLabeling()
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
    guard users.allSatisfy({ !regions[$0].isEnabled }) else { throw SimFault(16, "nmem\(dimm) is in use") }
  }

  private func labellessNamespace(_ index: Int) -> SimNamespace {
    var namespace = SimNamespace(id: 0)
    namespace.size = topology.regions[index].size
    return namespace
  }

  /// namespace_devs.c:scan_labels: the namespaces that have a label on every DIMM of the set, or one empty
  /// device where there are none.
  private func scanLabels(_ index: Int) -> [SimNamespace] {
    let region = topology.regions[index]
    guard let first = region.dimms.first, let primary = labels[first] else { return [] }
    let cookie = topology.cookie(of: region, version: primary.version)
    var found: [SimNamespace] = []
    for (_, label) in primary.labels.sorted(by: { $0.key < $1.key }) {
      guard label.setCookie == cookie, label.dpa >= region.dimmOffset,
        label.dpa - region.dimmOffset < region.share,
        !found.contains(where: { $0.uuid == label.uuid }), isComplete(label, in: region)
      else { continue }
      var namespace = SimNamespace(id: 0)
      namespace.uuid = label.uuid
      namespace.name = label.name
      namespace.offset = (label.dpa - region.dimmOffset) * region.ways
      namespace.size = label.rawSize * region.ways
      namespace.sectorSize = label.sectorSize
      namespace.claimClass = label.claimClass ?? .none
      found.append(namespace)
    }
    // cmp_dpa() compares the addresses with memcmp(): on x86 by their lowest bytes first.
    if !topology.profile.rules.dividesRegions { found = Array(found.prefix(1)) }
    found.sort { Self.littleEndianPrecedes(region.base + $0.offset, region.base + $1.offset) }
    guard !found.isEmpty else { return [SimNamespace(id: 0)] }
    for id in found.indices { found[id].id = id }
    return found
  }

  /// namespace_devs.c:has_uuid_at_pos and select_pmem_id: one label at each position, within the DIMM.
  private func isComplete(_ label: NamespaceLabel, in region: SimTopology.Region) -> Bool {
    region.dimms.enumerated().allSatisfy { position, dimm in
      let mates = labels[dimm]?.labels.values.filter { $0.uuid == label.uuid } ?? []
      guard mates.count == 1, let mate = mates.first else { return false }
      let (end, overflow) = mate.dpa.addingReportingOverflow(mate.rawSize)
      return mate.dpa >= region.dimmOffset && Int(mate.position) == position
        && Int(mate.labelCount) == region.dimms.count
        && mate.setCookie == label.setCookie && !overflow && mate.rawSize > 0
        && end <= region.dimmOffset + region.share
    }
  }

  private static func littleEndianPrecedes(_ left: UInt64, _ right: UInt64) -> Bool {
    left.byteSwapped < right.byteSwapped
  }

  // MARK: Space

  /// The holes that can be allocated, trimmed to the region's alignment.
  func freeExtents(_ index: Int) -> [Extent] {
    guard isLabeled(index) else { return [] }
    let region = topology.regions[index]
    var extents: [Extent] = []
    var cursor: UInt64 = 0
    for namespace in allocations(index) + [(offset: region.size, size: 0)] {
      let start = (cursor + region.align - 1) / region.align * region.align
      let end = namespace.offset / region.align * region.align
      if end > start { extents.append(Extent(offset: start, length: end - start)) }
      cursor = max(cursor, namespace.offset + namespace.size)
    }
    return extents
  }

  /// What labels take from a region, also of namespaces that could not be assembled: a DIMM's space belongs
  /// to whoever has a label on it (label.c:nd_label_reserve_dpa), whether the region is enabled or not.
  private func allocations(_ index: Int) -> [(offset: UInt64, size: UInt64)] {
    let region = topology.regions[index]
    let begin = region.dimmOffset
    let limit = begin + region.share
    let taken = region.dimms.flatMap { dimm in
      (labels[dimm]?.labels.values).map(Array.init) ?? []
    }
    let spans = taken.filter { $0.dpa >= begin && $0.dpa < limit && $0.rawSize <= limit - $0.dpa }.map {
      (offset: ($0.dpa - begin) * region.ways, size: $0.rawSize * region.ways)
    }
    return spans.sorted { ($0.offset, $0.size) < ($1.offset, $1.size) }
  }

  /// A checksum of all labels in force: another one means that somebody else has written some.
  var labelFingerprint: UInt64 {
    fletcher64(labels.sorted { $0.key < $1.key }.flatMap(\.value.encoded))
  }

  /// At most how many bytes describe this kernel's memory after one more change: enabling a region can find as
  /// many namespaces as there are labels. A line is at most a kibibyte.
  var longestMemory: Int {
    let labels = labels.values.reduce(0) { $0 + $1.labels.count }
    let namespaces = regions.reduce(0) { $0 + $1.namespaces.count + 1 }
    return (labels + namespaces + memory.lines + 16) * 1024
  }

  // MARK: Finding

  /// The place of a namespace in ``regions``.
  func position(_ index: Int, _ id: Int) throws -> Int {
    guard regions.indices.contains(index), regions[index].isEnabled,
      let position = regions[index].namespaces.firstIndex(where: { $0.id == id })
    else { throw SimFault(6, "there is no namespace\(index).\(id)") }
    return position
  }
}
