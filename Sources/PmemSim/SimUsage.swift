import PmemDevice

/// Who maps and uses what on a simulated machine, as a host would show it.
struct SimUsage {
  private let kernel: SimKernel
  private let inventory: Inventory

  init(_ kernel: SimKernel) {
    self.kernel = kernel
    inventory = SimInventory(kernel).inventory
  }

  func mappings(pid: Int?) -> MappingReport {
    MappingReport(
      mappings: kernel.processes.filter { pid == nil || $0.pid == pid }.flatMap { process in
        process.mappings.filter { !$0.isRevoked }.compactMap { mapping($0, of: process) }
      })
  }

  private func mapping(_ mapping: SimMapping, of process: SimProcess) -> Mapping? {
    let namespace = inventory.namespaces.first {
      $0.regionID == mapping.region && $0.id == mapping.namespace
    }
    guard let namespace, let node = namespace.node else { return nil }
    var shown = Mapping(
      process: ProcessName(pid: process.pid, command: RawText(process.command)), start: mapping.start,
      end: mapping.end, path: RawText("/dev/\(node)"), offset: mapping.offset, device: node,
      namespaces: [namespace.dev], permissions: mapping.isWritable ? "rw-s" : "r--s")
    shown.deviceRanges = [Extent(offset: mapping.offset, length: mapping.length)]
    shown.isDAX = mapping.isDAX
    shown.isSync = mapping.isDAX
    shown.isLocked = false
    shown.populated =
      mapping.populated.isEmpty
      ? [] : [.init(pageSize: mapping.pageSize, bytes: mapping.populatedBytes)]
    return shown
  }

  func usage(of namespaces: [Namespace]) -> UsageReport {
    let all = mappings(pid: nil).mappings
    return UsageReport(
      uses: namespaces.flatMap { namespace in
        MappingUse.uses(all.filter { $0.namespaces.contains(namespace.dev) }, of: namespace.dev)
      })
  }
}
