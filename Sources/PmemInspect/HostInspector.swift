public import PmemDevice

/// Who maps and uses persistent memory on this host, from /proc and /sys.
public struct HostInspector {
  private let roots: HostRoots

  public init(roots: HostRoots = HostRoots()) { self.roots = roots }

  /// The mappings of what an inventory knows.
  ///
  /// - Parameters:
  ///   - inventory: Of this host.
  ///   - pid: Only this process's; nil for all.
  /// - Returns: What could be seen, by process, then by address.
  public func mappings(_ inventory: Inventory, pid: Int?) -> MappingReport {
    let devices = DeviceTable(inventory, roots: roots)
    guard !devices.isEmpty else { return MappingReport() }
    var scanner = MappingScanner(devices, roots: roots)
    return scanner.scan(pid: pid, isDetailed: true)
  }

  /// The users of namespaces: mappings, one use a process and file, and all else that has them.
  public func usage(_ inventory: Inventory, of namespaces: [Namespace]) -> UsageReport {
    let wanted = namespaces.filter(\.isEnabled).map(\.dev)
    guard !wanted.isEmpty else { return UsageReport() }
    let devices = DeviceTable(inventory, roots: roots)
    var scanner = MappingScanner(devices, roots: roots)
    let mapped = scanner.scan(pid: nil, isDetailed: false)
    let others = UserScanner(devices, roots: roots).scan()
    let ordered = wanted.flatMap { name in
      MappingUse.uses(mapped.mappings.filter { $0.namespaces.contains(name) }, of: name)
        + others.uses.filter { $0.namespace == name }
    }
    let unmapped = namespaces.filter { namespace in
      namespace.isEnabled && !ordered.contains { $0.namespace == namespace.dev }
    }
    let pins = PinScanner(inventory, roots: roots).scan(unmapped)
    return UsageReport(
      uses: ordered + pins.uses, hiddenProcesses: max(mapped.hiddenProcesses, others.hiddenProcesses),
      unknown: [pins.unknown].compactMap { $0 })
  }
}
