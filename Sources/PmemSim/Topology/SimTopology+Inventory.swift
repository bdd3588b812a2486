public import PmemDevice
import PmemMedia

extension SimTopology {
  /// The hardware of a machine that an inventory describes, such as a real host's: the same DIMMs, regions,
  /// addresses and interleave-set cookies.
  ///
  /// Regions keep their numbers if those have no gaps. A property that an inventory lacks (the size of a label area)
  /// gets the smallest value that fits the rest.
  ///
  /// - Parameters:
  ///   - inventory: Of the machine, with addresses, as root sees it.
  ///   - profile: Whose rules to follow.
  /// - Throws: `DeviceError.Code.unsupported` for hardware that a simulated machine cannot have.
  public init(describing inventory: Inventory, profile: KernelProfile) throws(DeviceError) {
    let regions = inventory.platformRegions
    let dimms = inventory.dimms.filter { dimm in
      regions.contains { $0.mappings.contains { $0.dimm == dimm.dev } }
    }
    guard !regions.isEmpty || !inventory.cxl.memdevs.isEmpty else {
      throw DeviceError(.failed, "there is no persistent memory in it: no region to simulate")
    }
    self.init(profile: profile, dimms: [], regions: [])
    for (index, dimm) in dimms.enumerated() {
      var described = try Self.dimm(dimm, index, on: regions)
      // A kernel that does not read the newer ones divides the region by older ones.
      if profile.rules.newestLabels == .v11, described.initialLabels != nil { described.initialLabels = .v11 }
      if let problem = problem(of: described) { throw Self.impossible(dimm.dev, problem) }
      self.dimms.append(described)
    }
    for region in regions {
      let described = try self.region(region, dimms: dimms)
      if let problem = problem(of: described) { throw Self.impossible(region.dev, problem) }
      self.regions.append(described)
    }
    let cxl = try SimCxl(describing: inventory.cxl)
    for window in cxl.windows {
      if let problem = problem(of: window) { throw Self.impossible("CXL", problem) }
    }
    add(cxl, labels: inventory.cxl.memdevs.map { Self.labels(of: $0, inventory) })
  }

  /// The version of a CXL device's labels; nil if its area is blank.
  private static func labels(of memdev: CxlMemdev, _ inventory: Inventory) -> LabelVersion? {
    guard let dimm = inventory.dimm(of: memdev), let labels = dimm.labels, labels.isBlank != true else {
      return nil
    }
    return labels.version ?? .v12
  }

  private static func impossible(_ dev: String, _ problem: String) -> DeviceError {
    DeviceError(.unsupported, "\(dev) cannot be simulated: \(problem)")
  }

  private static func dimm(
    _ dimm: DIMM, _ index: Int, on regions: [PmemDevice.Region]
  ) throws(DeviceError) -> Dimm {
    let uses = regions.flatMap { region in
      region.mappings.filter { $0.dimm == dimm.dev }.map { (region, $0) }
    }
    let isLabeled = uses.contains { $0.0.isLabeled }
    let used = uses.filter { $0.0.isLabeled }.reduce(0) { $0 + $1.0.configuredNamespaces.count }
    var described = Dimm(
      size: uses.map { $0.1.offset + $0.1.length }.max() ?? 0, labelArea: 0, node: uses[0].0.numaNode,
      identity: dimm.id.flatMap(SimDimmIdentity.init) ?? .qemu(slot: index))
    described.node = max(0, described.node)
    guard let labels = dimm.labels else { return described }
    let version = isLabeled ? try labelVersion(of: described, labels, uses) : .v12
    described.labelArea = Self.labelArea(slots: labels.availableSlots + used + 1, version: version)
    described.initialLabels = isLabeled ? version : nil
    return described
  }

  /// The inventory's version, otherwise the one whose cookie is the region's.
  private static func labelVersion(
    of dimm: Dimm, _ labels: LabelArea, _ uses: [(PmemDevice.Region, RegionMapping)]
  ) throws(DeviceError) -> LabelVersion {
    if let version = labels.version { return version }
    for (region, mapping) in uses where region.mappings.count == 1 {
      let alone = SimTopology.Region(
        dimms: [0], dimmOffset: mapping.offset, base: 0, size: mapping.length, align: 4096, node: 0)
      let topology = SimTopology(profile: .v612, dimms: [dimm], regions: [alone])
      for version in LabelVersion.allCases
      where topology.cookie(of: alone, version: version) == region.isetID { return version }
    }
    return .v12
  }

  /// The smallest usual label area with at least that many slots.
  private static func labelArea(slots: Int, version: LabelVersion) -> UInt64 {
    let usual = (7...14).map { 1 << ($0 + 10) }
    let fitting = usual.first { (LabelLayout(areaSize: $0, version: version)?.slotCount ?? 0) >= slots }
    return UInt64(fitting ?? 16 << 20)
  }

  private func region(_ region: PmemDevice.Region, dimms known: [DIMM]) throws(DeviceError) -> Region {
    guard let base = region.resource else {
      throw DeviceError(
        .permission, "the address of \(region.dev) is missing: only root sees it",
        try: ["sudo pmemctl status --json"])
    }
    let mappings = region.mappings.sorted { $0.position < $1.position }
    let members = mappings.compactMap { mapping in known.firstIndex { $0.dev == mapping.dimm } }
    let share = region.size.rawValue / UInt64(max(1, members.count))
    guard mappings.allSatisfy({ $0.offset == mappings[0].offset && $0.length == share }),
      region.size.rawValue == share * UInt64(max(1, members.count))
    else {
      throw DeviceError(
        .unsupported, "\(region.dev) cannot be simulated: its DIMMs have parts of different sizes in it")
    }
    var described = Region(
      dimms: members, dimmOffset: mappings.first?.offset ?? 0, base: base, size: region.size.rawValue,
      align: region.align, node: max(0, region.numaNode))
    // If the DIMMs' ids do not give the platform's cookie, it is kept as it is.
    if let first = members.first, let wanted = region.isetID, let version = dimms[first].initialLabels,
      cookie(of: described, version: version) != wanted
    {
      described.cookie = wanted
    }
    return described
  }
}
