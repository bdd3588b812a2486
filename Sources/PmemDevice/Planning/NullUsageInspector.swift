/// Reports no users: for devices that do not exist yet, or are on another host.
public final class NullUsageInspector: UsageInspector {
  private let missing: [Unseen]

  /// - Parameter missing: What cannot be determined.
  public init(missing: [Unseen] = []) { self.missing = missing }

  public func usage(of namespaces: [Namespace], in inventory: Inventory) throws(DeviceError) -> UsageReport {
    UsageReport(missing: missing)
  }

  public func mappings(
    in inventory: Inventory, pid: Int?, interface: MappingInterface?
  ) throws(DeviceError) -> MappingReport {
    MappingReport()
  }

  public func pins(
    of namespaces: [Namespace], in inventory: Inventory, isAttributed: Bool
  ) throws(DeviceError) -> PinReport {
    PinReport(devices: [])
  }
}
