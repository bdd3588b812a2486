import PmemDevice

/// CXL as sysfs would show it (Documentation/ABI/testing/sysfs-bus-cxl).
struct SimCxlInventory {
  private let model: CxlModel
  private let dimms: [Int: Int]
  private var hardware: SimCxl { model.hardware }

  /// - Parameters:
  ///   - model: What drivers/cxl has.
  ///   - dimms: Numbers of DIMMs, by device.
  init(_ model: CxlModel, dimms: [Int: Int]) {
    self.model = model
    self.dimms = dimms
  }

  var topology: CxlTopology {
    CxlTopology(
      memdevs: hardware.devices.indices.map(memdev), windows: hardware.windows.indices.map(window))
  }

  /// A root port a device, below host bridges on buses 12, 28, 44, ...: as QEMU's pxb-cxl with bus_nr.
  private func address(of device: Int) -> String {
    let bridge = hardware.devices[device].bridge
    let port = hardware.devices(below: bridge).firstIndex(of: device) ?? 0
    let bus = String(13 + 16 * bridge + port, radix: 16)
    return "0000:\(bus.utf8.count < 2 ? "0" : "")\(bus):00.0"
  }

  private func memdev(_ index: Int) -> CxlMemdev {
    let device = hardware.devices[index]
    let number = hardware.endpointNumber(of: index)
    let allocated = model.state.decoders[index]
    let decoders = (0..<device.decoders).map { decoder -> CxlDecoder in
      let name = "decoder\(number).\(decoder)"
      guard allocated.indices.contains(decoder) else { return CxlDecoder(dev: name, dpaSize: .zero) }
      let own = allocated[decoder]
      return CxlDecoder(
        dev: name, kind: own.kind, dpaStart: own.start, dpaSize: ByteCount(own.size),
        region: own.region.map { "region\($0)" })
    }
    return CxlMemdev(
      dev: SimCxl.memdevName(index), host: address(of: index), serial: device.serial,
      pmemSize: ByteCount(device.pmemSize), ramSize: ByteCount(device.ramSize), numaNode: device.node,
      labelSize: ByteCount(device.labelArea), dimm: dimms[index].map { "nmem\($0)" },
      endpoint: CxlEndpoint(
        dev: "endpoint\(number)", ports: ["root0", SimCxl.portName(ofBridge: device.bridge)],
        decoders: decoders, target: device.bridge))
  }

  private func window(_ index: Int) -> CxlWindow {
    let window = hardware.windows[index]
    let regions = model.state.regions.filter { $0.window == index }.sorted { $0.base < $1.base }
    return CxlWindow(
      dev: SimCxl.windowName(index), root: "root0", start: window.base, size: ByteCount(window.size),
      ways: window.bridges.count, granularity: window.granularity, targets: window.bridges,
      kinds: CxlMemoryKind.allCases.filter(window.kinds.contains),
      nextRegion: "region\(model.state.nextNumbers[index])", regions: regions.map(region))
  }

  private func region(_ region: CxlState.Region) -> CxlRegion {
    CxlRegion(
      dev: "region\(region.number)", window: SimCxl.windowName(region.window), kind: region.kind,
      size: ByteCount(region.size), resource: region.base, uuid: region.uuid, ways: region.members.count,
      granularity: region.granularity, isCommitted: true,
      members: region.members.enumerated().map { position, member in
        CxlMember(
          position: position,
          decoder: "decoder\(hardware.endpointNumber(of: member.device)).\(member.decoder)",
          memdev: SimCxl.memdevName(member.device))
      },
      bridge: region.kind == .pmem
        ? .pmem(isBound: true)
        : .dax(isBound: true, devices: ["dax\(region.number).0"]))
  }
}
