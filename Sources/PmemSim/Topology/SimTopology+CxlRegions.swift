import PmemDevice
import PmemMedia

extension SimTopology {
  /// The machine with libnvdimm's regions of drivers/cxl, each at its number: those of volatile memory are none of libnvdimm's.
  ///
  /// - Parameter state: What drivers/cxl has.
  /// - Returns: The platform's regions, then CXL's, with a place for each number between them.
  func having(_ state: CxlState) -> SimTopology {
    var topology = self
    topology.regions = regions.filter { $0.origin == .platform }
    for region in state.regions where region.kind == .pmem {
      while topology.regions.count < region.number { topology.regions.append(.none) }
      topology.regions.append(self.region(of: region, state))
    }
    return topology
  }

  private func region(of region: CxlState.Region, _ state: CxlState) -> Region {
    let offsets = region.members.map { state.decoders[$0.device][$0.decoder].start }
    var made = Region(
      dimms: region.members.compactMap { dimm(ofDevice: $0.device) }, base: region.base, size: region.size,
      align: Self.defaultAlign(size: region.size, ways: UInt64(region.members.count), profile),
      node: region.members.first.map { cxl.devices[$0.device].node } ?? 0,
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
