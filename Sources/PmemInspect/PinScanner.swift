import PmemDevice
import SystemPackage

/// Finds memory that somebody has references to though nobody maps it: pinned for DMA, mostly.
struct PinScanner {
  private let roots: HostRoots
  private let inventory: Inventory

  init(_ inventory: Inventory, roots: HostRoots) {
    self.inventory = inventory
    self.roots = roots
  }

  /// - Parameter namespaces: Mapped by nobody: a mapping counts as a reference since 6.15.
  /// - Returns: The pinned ones as uses, and why it could not be found out where it could not.
  func scan(_ namespaces: [Namespace]) -> (uses: [Usage], unknown: String?) {
    let ranges = namespaces.compactMap { namespace in pages(of: namespace).map { (namespace, $0) } }
    guard !ranges.isEmpty else { return ([], nil) }
    let reader: PageReader
    do { reader = try PageReader(roots: roots) } catch {
      return ([], "whether memory is pinned for DMA could not be found out: \(error.reason)")
    }
    var uses: [Usage] = []
    for (namespace, ranges) in ranges {
      let idle: Int32 =
        namespace.mode == .fsdax && KernelVersion(inventory.host.kernelRelease) >= KernelVersion(6, 15)
        ? 0 : 1
      let pages = ranges.reduce(0) { $0 + (reader.referencedPages(in: $1, idle: idle) ?? 0) }
      guard pages > 0 else { continue }
      let suspects = pinning
      uses.append(
        Usage(
          kind: .pin, namespace: namespace.dev,
          path: RawText("/dev/\(namespace.node ?? namespace.dev) (\(pages) pages or huge pages)"),
          effect: .crash,
          advice: suspects.isEmpty
            ? "whoever pinned it must let go: see who uses io_uring, RDMA or VFIO"
            : "whoever pinned it must let go; these have memory pinned: "
              + suspects.map(\.description).joined(separator: ", ")))
    }
    return (uses, nil)
  }

  /// The physical addresses that have struct pages.
  private func pages(of namespace: Namespace) -> [Range<UInt64>]? {
    if let devices = namespace.daxRegion?.devices {
      return devices.filter { $0.mode == .devdax }.flatMap(\.mappings).map { $0.start..<($0.end + 1) }
    }
    guard namespace.mode == .fsdax, let holder = namespace.holder else { return nil }
    let folder = roots.sys.appending("bus/nd/devices").appending(holder)
    guard let start = KernelFile.line(folder.appending("resource")).flatMap(Self.hexadecimal) else {
      return nil
    }
    return [start..<(start + namespace.size.rawValue / 4096 * 4096)]
  }

  private static func hexadecimal(_ text: String) -> UInt64? { UInt64(text.dropFirst(2), radix: 16) }

  /// Processes with pinned memory of any kind (VmPin; VFIO counts elsewhere).
  private var pinning: [ProcessName] {
    let processes = ProcessList(roots: roots)
    return processes.pids.filter { pid in
      guard let status = KernelFile.read(processes.folder(pid).appending("status")) else { return false }
      return status.split(separator: UInt8(ascii: "\n")).contains { line in
        line.starts(with: "VmPin:".utf8)
          && line.contains { (UInt8(ascii: "1")...UInt8(ascii: "9")).contains($0) }
      }
    }.map { processes.name($0) }
  }
}
