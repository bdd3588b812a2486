/// All that a monitor looks at, read at one moment; nothing is written for it.
public struct MachineReading: Sendable {
  public var inventory: Inventory
  /// Of each of its DIMMs, in their order; likewise the others.
  public var health: [HealthReading]
  public var firmware: [FirmwareReading]
  /// Of each of its buses, in their order.
  public var scrubs: [BusScrub]

  /// - Parameter backend: The machine.
  /// - Throws: If it cannot be asked at all.
  public init(of backend: any DeviceBackend) throws(DeviceError) {
    inventory = try backend.inventory(.listing)
    health = try backend.health(of: inventory.dimms)
    firmware = try backend.firmware(of: inventory.dimms)
    scrubs = try backend.scrubs(of: inventory.buses)
  }
}
