import PmemDevice

/// CXL regions, and what libnvdimm makes of those of persistent memory.
extension NvdimmModel {
  /// drivers/cxl/core/region.c, then cxl/pmem.c:cxl_pmem_region_probe.
  func createCxlRegion(_ recipe: CxlRecipe) throws {
    guard !topology.cxl.isEmpty else { throw KernelRefusal(19, "it has no CXL memory devices") }
    var changed = cxl
    let result = Result { try changed.create(recipe) }
    // Memory that a failed tool had left is free also after a failure.
    adopt(changed)
    let region = try result.get()
    guard region.kind == .pmem else { return addDaxDevice(region) }
    do { try enableRegion(region.number) } catch is KernelRefusal {}
  }

  /// drivers/dax/cxl.c:cxl_dax_region_probe: one device of all of it, for the driver kmem.
  private func addDaxDevice(_ region: CxlState.Region) {
    var device = SimNamespace(id: 0)
    device.size = region.size
    device.isEnabled = true
    var claim = SimClaim(kind: .dax, id: 0, uuid: .null)
    (claim.align, claim.usable, claim.device) = (2 << 20, region.size, .systemRAM)
    device.claim = claim
    regions[region.number].isEnabled = true
    regions[region.number].namespaces = [device]
  }

  /// As ``CxlModel/destroy(_:)``; what is on the region goes with it.
  func destroyCxlRegion(_ name: String) throws {
    guard name.hasPrefix("region"), let number = Int(name.dropFirst("region".count)),
      cxl.state[region: number] != nil
    else { throw KernelRefusal(6, "there is no CXL region \(name)") }
    if regions[number].isEnabled { try disableRegion(number) }
    var changed = cxl
    let kept = try changed.destroy(number)
    adopt(changed)
    guard kept.isEmpty else {
      throw DeviceError(
        .failed, "\(name) is removed, but not all of its memory is free",
        details: kept.map { "\($0) keeps its memory: Device or resource busy" })
    }
  }
}
