/// Answers that nobody uses anything: of what is not there yet, or is on another host.
public final class NoUsers: UsageInspector {
  private let unknown: [String]

  /// - Parameter unknown: What could not be found out, in words.
  public init(unknown: [String] = []) { self.unknown = unknown }

  public func usage(of namespaces: [Namespace], in inventory: Inventory) throws(DeviceError) -> UsageReport {
    UsageReport(unknown: unknown)
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
