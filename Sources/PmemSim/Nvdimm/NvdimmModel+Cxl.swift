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
    guard region.kind == .pmem else { return }
    do { try enableRegion(region.number) } catch is KernelRefusal {}
  }

  /// As ``CxlModel/destroy(_:)``; what is on the region goes with it.
  func destroyCxlRegion(_ name: String) throws {
    guard name.hasPrefix("region"), let number = Int(name.dropFirst("region".count)),
      let region = cxl.state[region: number]
    else { throw KernelRefusal(6, "there is no CXL region \(name)") }
    if region.kind == .pmem, regions[number].isEnabled { try disableRegion(number) }
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
