import PmemDevice

extension SimCxl {
  /// The CXL hardware that an inventory describes: devices on host bridges, and windows at the same addresses.
  ///
  /// Host bridges are numbered in the order of the numbers that windows have them by.
  ///
  /// - Parameter topology: As root sees it: with addresses.
  /// - Throws: `DeviceError.Code.unsupported` for hardware that a simulated machine cannot have.
  init(describing topology: CxlTopology) throws(DeviceError) {
    self.init()
    let targets = Set(
      topology.windows.flatMap(\.targets) + topology.memdevs.compactMap { $0.endpoint?.target }
    )
    .sorted()
    for memdev in topology.memdevs {
      guard let serial = memdev.serial else {
        throw Self.impossible(memdev.dev, "its serial number is not known")
      }
      guard (memdev.endpoint?.ports.count ?? 2) <= 2 else {
        throw Self.impossible(memdev.dev, "it is behind a switch, and simulated machines have none")
      }
      let pmem = memdev.pmemSize?.rawValue ?? 0
      var device = Device(
        serial: serial, ramSize: memdev.ramSize?.rawValue ?? 0, pmemSize: pmem,
        labelArea: pmem > 0 ? memdev.labelSize?.rawValue ?? 0 : 0,
        bridge: memdev.endpoint?.target.flatMap(targets.firstIndex) ?? targets.count,
        decoders: max(1, memdev.endpoint?.decoders.count ?? 1), node: max(0, memdev.numaNode))
      device.dimmPlace = memdev.dimm.flatMap { Int($0.dropFirst("nmem".count)) }
      if let problem = problem(of: device) { throw Self.impossible(memdev.dev, problem) }
      devices.append(device)
    }
    for window in topology.windows {
      guard let base = window.start, let size = window.size?.rawValue else {
        throw DeviceError(
          .permission, "the address of \(window.dev) is missing: only root sees it",
          try: ["sudo pmemctl status --json"])
      }
      let described = Window(
        base: base, size: size, bridges: window.targets.compactMap(targets.firstIndex),
        granularity: window.granularity ?? 256, kinds: Set(window.kinds))
      if let problem = problem(of: described) { throw Self.impossible(window.dev, problem) }
      windows.append(described)
    }
  }

  private static func impossible(_ dev: String, _ problem: String) -> DeviceError {
    DeviceError(.unsupported, "\(dev) cannot be simulated: \(problem)")
  }
}

extension Inventory {
  /// Regions that are no CXL region's, by number.
  var platformRegions: [Region] {
    regions.filter { cxlRegion(of: $0) == nil }.sorted { $0.id < $1.id }
  }
}
