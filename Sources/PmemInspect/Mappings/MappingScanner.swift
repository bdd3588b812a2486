import Glibc
import PmemDevice
import SystemPackage

/// Finds the mappings of persistent memory, by the cheapest way that this kernel and this user have.
struct MappingScanner {
  private let roots: HostRoots
  private let types: KernelTypeSource
  private let devices: DeviceTable
  private let processes: ProcessList
  private let extents = FileExtents()
  private let realtime: RealtimeDevices

  init(_ devices: DeviceTable, roots: HostRoots, types: KernelTypeSource) {
    self.types = types
    self.devices = devices
    self.roots = roots
    processes = ProcessList(roots: roots, types: types)
    realtime = RealtimeDevices(devices, processes)
  }

  /// - Parameters:
  ///   - pid: Only this process.
  ///   - interface: The way; nil for the cheapest.
  /// - Returns: The visible mappings, by process, then by address.
  /// - Throws: Why that method is not available here; never if none was asked for.
  func scan(
    pid: Int?, interface: MappingInterface? = nil
  ) throws(Unavailable) -> MappingReport {
    try scanFiles(pid: pid, interface: interface).report
  }

  /// A report, and what only guards look at.
  struct Scanned {
    var report = MappingReport()
    /// Those that are mapped; nil if this method does not report them.
    var files: [OpenFile]?
    /// How many processes could not be looked at.
    var hidden = 0
  }

  /// As ``scan(pid:interface:)``.
  func scanFiles(pid: Int?, interface: MappingInterface? = nil) throws(Unavailable) -> Scanned {
    let found = try find(pid, interface)
    var report = MappingReport(missing: ProcessView(roots: roots).missing(hidden: found.hidden))
    report.asked =
      "by \(found.way), of \(found.candidates.map { "\($0) that may have some" } ?? "each that there is")"
    var files: [OpenFile] = []
    var rest = found.mappings[...]
    while let first = rest.first {
      let own = rest.prefix { $0.thread == first.thread }
      rest = rest.dropFirst(own.count)
      let completed = complete(Array(own))
      report.mappings += completed
      // A file that is not reported explains no reference.
      let shown = Set(completed.map(\.start))
      files += own.compactMap { shown.contains($0.start) ? $0.file : nil }
    }
    return Scanned(
      report: report, files: found.hasFiles ? files : nil, hidden: found.hidden)
  }

  private func find(
    _ pid: Int?, _ interface: MappingInterface?
  ) throws(Unavailable) -> FoundMappings {
    guard let interface else {
      if let found = try? IteratedMappings(devices, roots: roots, types: types).find(pid: pid) {
        return found
      }
      var queried = QueriedMappings(devices, roots: roots)
      if let found = try? queried.find(pid: pid) { return found }
      var listed = ListedMappings(devices, roots: roots)
      return listed.find(pid: pid)
    }
    var source: any MappingSource =
      switch interface {
      case .bpf: IteratedMappings(devices, roots: roots, types: types)
      case .query: QueriedMappings(devices, roots: roots)
      case .maps: ListedMappings(devices, roots: roots)
      }
    return try source.find(pid: pid)
  }

  /// The mappings of one process, with their names and what else is wanted. One that went away meanwhile is left out.
  private func complete(_ found: [FoundMapping]) -> [Mapping] {
    guard let first = found.first else { return [] }
    let name = first.command.map { ProcessName(pid: first.pid, command: $0) } ?? processes.name(first.pid)
    let details = MappingDetails(
      processes.directory(first.thread), devices: devices, extents: extents,
      giants: { [types] in (try? types.types()).flatMap { try? PUDMappings($0) } })
    var mappings = found.compactMap { found -> Mapping? in
      let isNode = found.target.isNode
      guard let path = details.path(found) else { return nil }
      var mapping = Mapping(
        process: name, start: found.start, end: found.end, path: path, offset: found.offset,
        device: found.target.device.name, namespaces: found.target.device.namespaces,
        permissions: found.permissions)
      if !isNode, let other = realtime.device(beside: found.target.device), details.isRealtime(found) {
        mapping.device = other.name
        mapping.namespaces = other.namespaces
      }
      mapping.isFile = !isNode
      mapping.isDAX = isNode ? found.target.device.daxAlign != nil : found.isDAX
      mapping.isSync = found.isSync
      mapping.isLocked = found.isLocked
      details.complete(&mapping, found)
      return mapping
    }
    // Reading smaps would split entries of 1 GiB pages, as PUDMappings explains.
    let hasGiantPages = found.contains { $0.target.device.daxAlign ?? 0 >= 1 << 30 }
    if !hasGiantPages, mappings.contains(where: { $0.isSync == nil }) {
      MappingFlags(processes.directory(first.thread)).complete(&mappings)
    }
    return mappings
  }
}
