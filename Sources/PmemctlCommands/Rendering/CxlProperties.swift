import PmemDevice
import PmemOutput

/// The CXL properties that `show` prints: devices and regions, and the path of the memory.
struct CxlProperties {
  private let chain: CxlChain

  init(_ inventory: Inventory) { chain = CxlChain(inventory) }

  /// - Parameters:
  ///   - region: Any.
  ///   - isAlone: Whether libnvdimm has no object that shows the rest.
  ///   - list: Gets the lines.
  func add(_ region: CxlRegion, isAlone: Bool, to list: inout PropertyList) {
    if isAlone {
      list.add("region", region.dev)
      list.add("size", region.size.map(\.exact) ?? "unknown")
      list.add("address", region.resource.map { "0x\(String($0, radix: 16))" })
      list.add("state", region.state)
    }
    list.add("kind", region.kind?.rawValue ?? "unknown")
    list.add("interleave", region.interleave)
    list.add("window", region.window)
    list.add("CXL UUID", region.uuid?.description)
    for line in chain.lines(of: region) { list.add("CXL", line) }
  }

  /// - Parameters:
  ///   - memdev: Any.
  ///   - isAlone: Whether libnvdimm has no DIMM for it.
  ///   - list: Gets the lines.
  func add(_ memdev: CxlMemdev, isAlone: Bool, to list: inout PropertyList) {
    if isAlone {
      list.add("DIMM", memdev.dev)
      list.add("id", memdev.id ?? "unknown")
      list.add("state", memdev.isBound ? "enabled" : "disabled")
      list.add("security", memdev.security)
    }
    list.add("CXL device", memdev.dev)
    list.add("at", memdev.host)
    list.add("memory", memdev.memory ?? "unknown")
    list.add("node", memdev.numaNode < 0 ? nil : "\(memdev.numaNode)")
    list.add("firmware", memdev.firmware)
    list.add("ports", memdev.endpoint.map { ($0.ports + [$0.dev]).joined(separator: " -> ") })
    for line in chain.lines(of: memdev) { list.add("CXL", line) }
  }
}
