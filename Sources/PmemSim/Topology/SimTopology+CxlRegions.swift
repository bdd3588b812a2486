import PmemDevice
import PmemMedia

extension SimTopology {
  /// The machine with the regions of drivers/cxl, each at its number.
  ///
  /// - Parameter state: What drivers/cxl has.
  /// - Returns: The platform's regions, then CXL's, and an empty slot at each number between them.
  func having(_ state: CxlState) -> SimTopology {
    var topology = self
    topology.regions = regions.filter { $0.origin == .platform }
    for region in state.regions {
      while topology.regions.count < region.number { topology.regions.append(.none) }
      topology.regions.append(self.region(of: region, state))
    }
    while topology.regions.count < state.slots { topology.regions.append(.none) }
    return topology
  }

  private func region(of region: CxlState.Region, _ state: CxlState) -> Region {
    let node = region.members.first.map { cxl.devices[$0.device].node } ?? 0
    guard region.kind == .pmem else {
      var made = Region(dimms: [], base: region.base, size: region.size, align: 2 << 20, node: node)
      made.origin = .volatile
      return made
    }
    let offsets = region.members.map { state.decoders[$0.device][$0.decoder].start }
    var made = Region(
      dimms: region.members.compactMap { dimm(ofDevice: $0.device) }, base: region.base, size: region.size,
      align: Self.defaultAlign(size: region.size, ways: UInt64(region.members.count), profile),
      node: node,
      cookie: InterleaveCookie.cxl(
        zip(offsets, region.members).map { ($0, cxl.devices[$1.device].serial) }))
    made.origin = .cxl(offsets: offsets, granularity: region.granularity)
    return made
  }

  /// region_devs.c:default_align, bytes.
  static func defaultAlign(size: UInt64, ways: UInt64, _ profile: KernelProfile) -> UInt64 {
    guard profile.rules.hasRegionAlignment else { return 4096 * ways }
    let align: UInt64 = size < 16 << 20 ? 4096 : 16 << 20
    return align % ways == 0 ? align : align * ways
  }
}
