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
    let all = Self.uses(mapped.mappings) + others.uses
    let ordered = wanted.flatMap { name in all.filter { $0.namespace == name } }
    return UsageReport(uses: ordered, hiddenProcesses: max(mapped.hiddenProcesses, others.hiddenProcesses))
  }

  private static func uses(_ mappings: [Mapping]) -> [Usage] {
    var found: [Usage] = []
    for mapping in mappings {
      for namespace in mapping.namespaces {
        let known = found.firstIndex {
          $0.namespace == namespace && $0.process?.pid == mapping.process.pid && $0.path == mapping.path
        }
        if let known {
          found[known].bytes = (found[known].bytes ?? 0) + mapping.length
        } else {
          // The page cache of a block device goes on being readable.
          let effect: Usage.Effect = mapping.isDAX == false ? .errors : .sigbus
          found.append(
            Usage(
              kind: .mapping, namespace: namespace, path: mapping.path, process: mapping.process,
              bytes: mapping.length, effect: effect,
              advice: "stop process \(mapping.process.pid), or have it unmap \(mapping.path)"))
        }
      }
    }
    return found
  }
}
