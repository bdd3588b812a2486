public import PmemDevice
import PmemInspect
import PmemNdctl

/// This host: its kernel, and who uses its persistent memory.
public final class HostMachine: DeviceBackend, UsageInspector {
  private let kernel: NdctlBackend
  private let inspector = HostInspector()

  public init(verbose: ((String) -> Void)?) { kernel = NdctlBackend(verbose: verbose) }

  public var kind: String { kernel.kind }

  public func inventory(_ depth: InventoryDepth) throws(DeviceError) -> Inventory {
    try kernel.inventory(depth)
  }

  public func perform(_ step: Step) throws(DeviceError) { try kernel.perform(step) }

  public func mappings(pid: Int?) throws(DeviceError) -> MappingReport {
    inspector.mappings(try kernel.inventory(.listing), pid: pid)
  }

  public func usage(of namespaces: [Namespace]) throws(DeviceError) -> UsageReport {
    var report = inspector.usage(try kernel.inventory(.listing), of: namespaces)
    for namespace in namespaces {
      // Whoever holds it exclusively is named already, mostly.
      let isExplained = report.uses.contains {
        $0.namespace == namespace.dev && $0.effect == .refused && $0.kind != .open
      }
      let held = try kernel.heldBy(namespace)
      report.uses += held.filter { $0.kind != .held || !isExplained }
    }
    return report
  }
}
