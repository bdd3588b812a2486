import PmemDevice

/// All devices in the order in which the library lists them, which is what scripts that take the first one see.
struct DeviceTree {
  let inventory: Inventory
  let buses: [Bus]
  /// Those of namespaces and those of the platform.
  let daxRegions: [DaxRegion]

  /// - Parameters:
  ///   - inventory: By number.
  ///   - order: Kernel names; those that are not among them keep their order behind them.
  init(_ inventory: Inventory, order: [String]) {
    self.inventory = inventory
    guard !order.isEmpty else {
      buses = inventory.buses
      daxRegions = Self.daxRegions(inventory)
      return
    }
    let ranks = Dictionary(order.enumerated().map { ($1, $0) }) { first, _ in first }
    func sorted<Device>(_ devices: [Device], by name: (Device) -> String) -> [Device] {
      devices.enumerated().sorted { left, right in
        (ranks[name(left.element)] ?? .max, left.offset) < (ranks[name(right.element)] ?? .max, right.offset)
      }.map(\.element)
    }
    buses = sorted(inventory.buses, by: \.dev).map { bus in
      var bus = bus
      bus.dimms = sorted(bus.dimms, by: \.dev)
      bus.regions = sorted(bus.regions, by: \.dev).map { region in
        var region = region
        region.namespaces = sorted(region.namespaces, by: \.dev)
        return region
      }
      return bus
    }
    daxRegions = sorted(Self.daxRegions(inventory)) { $0.devices.first?.chardev ?? "" }
  }

  private static func daxRegions(_ inventory: Inventory) -> [DaxRegion] {
    inventory.namespaces.compactMap(\.daxRegion) + inventory.otherDaxRegions
  }

  /// Devices with the namespaces that they are of.
  func locations(in region: DaxRegion) -> [DaxDeviceLocation] {
    let all = inventory.daxDevices.filter { $0.region.id == region.id }
    return region.devices.compactMap { device in all.first { $0.device.chardev == device.chardev } }
  }
}
