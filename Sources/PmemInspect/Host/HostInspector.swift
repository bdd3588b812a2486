import Glibc
public import PmemDevice

/// Who maps, uses and pins persistent memory on this host, from /proc, /sys and the kernel's own memory.
public struct HostInspector {
  private let roots: HostRoots
  private let types: KernelTypeSource
  private let readingPages: () -> (UInt64, UInt64) -> Void

  /// - Parameters:
  ///   - roots: Of the host.
  ///   - readingPages: Called before struct pages are read; what it returns gets the pages read so far, and all.
  public init(
    roots: HostRoots = HostRoots(), readingPages: @escaping () -> (UInt64, UInt64) -> Void = { { _, _ in } }
  ) {
    self.roots = roots
    self.readingPages = readingPages
    types = KernelTypeSource(roots)
  }

  /// The CXL memory of this host; empty if it has none.
  public func cxlTopology() -> CxlTopology { CxlReader(roots: roots).topology() }

  /// The mappings of what an inventory knows.
  ///
  /// - Parameters:
  ///   - inventory: Of this host.
  ///   - pid: Only this process's; nil for all.
  ///   - interface: How to ask the kernel; nil for the cheapest way that works.
  /// - Returns: The visible mappings, by process, then by address.
  /// - Throws: ``DeviceError/Code/unsupported`` if the interface is not available here.
  public func mappings(
    _ inventory: Inventory, pid: Int?, interface: MappingInterface? = nil
  ) throws(DeviceError) -> MappingReport {
    let devices = DeviceTable(DaxDirectory(roots: roots).completing(inventory), roots: roots)
    let unknown = devices.missing()
    if devices.isEmpty, interface == nil { return MappingReport(missing: unknown) }
    do throws(Unavailable) {
      let scanner = MappingScanner(devices, roots: roots, types: types)
      var report = try scanner.scan(pid: pid, interface: interface)
      report.missing += unknown
      return report
    } catch {
      throw DeviceError(
        .unsupported, "cannot ask for mappings by \(interface?.rawValue ?? "any way"): \(error.reason)",
        details: ["without --interface the cheapest one that works is used"])
    }
  }

  /// As ``UsageInspector/mountPoints(in:)``.
  public func mountPoints(_ inventory: Inventory) -> [String: [RawText]] {
    let devices = DeviceTable(inventory, roots: roots)
    var points: [String: [RawText]] = [:]
    for line in MountTable(ofThisProcess: roots).lines {
      for namespace in devices.blocks[line.device]?.namespaces ?? []
      where points[namespace]?.contains(line.mountPoint) != true {
        points[namespace, default: []].append(line.mountPoint)
      }
    }
    return points
  }

  /// As ``UsageInspector/damagedFiles(of:in:)``.
  public func damagedFiles(_ inventory: Inventory, of namespace: Namespace) -> DamagedFiles {
    DamagedFileSearch(DeviceTable(inventory, roots: roots), roots: roots).search(namespace)
  }

  /// Block devices on persistent memory, and filesystems on those.
  public func daxLayers(_ inventory: Inventory) -> [DaxLayer] {
    DaxLayerScanner(DeviceTable(inventory, roots: roots), roots: roots).layers()
  }

  /// The result of mapping a file or device, as ``DaxInspector/probe(_:at:in:)``.
  public func probe(_ inventory: Inventory, _ path: String, at offset: UInt64) throws(DeviceError) -> DaxProbe
  {
    let inventory = DaxDirectory(roots: roots).completing(inventory)
    return try trial(inventory).probe(path, at: offset)
  }

  /// The result for a consumer of a namespace, as ``DaxInspector/verify(_:in:longTerm:)``.
  public func verify(_ inventory: Inventory, _ namespace: Namespace, longTerm: Bool) -> [DaxProof] {
    trial(inventory).verify(namespace, longTerm: longTerm)
  }

  private func trial(_ inventory: Inventory) -> DAXVerifier {
    DAXVerifier(inventory, DeviceTable(inventory, roots: roots)) {
      (try? mappings(inventory, pid: Int(getpid())))?.mappings
    }
  }

  /// The users of namespaces: mappings, one use a process and file, and all else that has them.
  public func usage(_ inventory: Inventory, of namespaces: [Namespace]) -> UsageReport {
    let directory = DaxDirectory(roots: roots)
    let wanted = namespaces.filter(\.isEnabled).map(directory.completing)
    guard !wanted.isEmpty else { return UsageReport() }
    let devices = DeviceTable(
      directory.completing(inventory), standIns: wanted.filter { $0.standsFor != nil }, roots: roots)
    let found = UserSearch(
      devices: devices, rules: inventory.host.rules, roots: roots, types: types
    ).search(wanted)
    let mappings = found.mapped.report.mappings
    let (pins, evidence, hidden) = attributedPins(inventory, wanted, mappings)
    let memory = MemoryBlockScanner(roots: roots)
    let others = found.kernel.uses + memory.uses(wanted) + found.descriptors.uses + found.unseen
    let pinned = PinUse(inventory.host.rules, evidence)
    let uses = wanted.flatMap { namespace in
      MappingUse.uses(mappings.filter { $0.namespaces.contains(namespace.dev) }, of: namespace.dev)
        + pinned.uses(of: namespace.dev, pins.filter { $0.namespace == namespace.dev })
        + others.filter { $0.namespace == namespace.dev }
    }
    let processes = ProcessView(roots: roots).missing(
      hidden: max(found.mapped.hidden, found.descriptors.hidden, hidden))
    return UsageReport(
      uses: uses + UnexplainedSuperblocks.uses(uses),
      missing: processes + devices.missing(of: wanted.map(\.dev)) + found.missing + pins.unread
        + memory.missing(of: wanted))
  }

  /// Users that cannot be seen from this process: in hidden processes, in state that only the kernel's own memory
  /// shows, and of devices whose number is unknown.
  public func unseen(_ inventory: Inventory) -> [Unseen] {
    let devices = DeviceTable(DaxDirectory(roots: roots).completing(inventory), roots: roots)
    let processes = ProcessView(roots: roots).missing(hidden: 0) + devices.missing()
    do throws(Unavailable) {
      _ = try KernelMemory()
      return processes
    } catch {
      return processes + [
        Unseen(
          .opens,
          "who uses devices inside the kernel, or pins their memory, cannot be determined: \(error.reason)",
          remedy: error.remedy, isDecisive: true)
      ]
    }
  }

  /// The references to pages of namespaces, and who may hold them.
  public func pins(_ inventory: Inventory, of namespaces: [Namespace], isAttributed: Bool) -> PinReport {
    let directory = DaxDirectory(roots: roots)
    let namespaces = namespaces.map(directory.completing)
    guard isAttributed else {
      return PinReport(
        devices: pinScanner(inventory).scan(namespaces, evidence: nil))
    }
    let mapped = mappings(DeviceTable(directory.completing(inventory), roots: roots))
    var (devices, _, hidden) = attributedPins(inventory, namespaces, mapped.report.mappings)
    let missing = ProcessView(roots: roots).missing(hidden: max(hidden, mapped.hidden))
    // A hidden process may be the holder.
    if !missing.isEmpty {
      for device in devices.indices {
        for range in devices[device].ranges.indices where devices[device].ranges[range].kind == .orphan {
          devices[device].ranges[range].kind = .pinned
        }
      }
    }
    return PinReport(devices: devices, missing: missing + devices.unread)
  }

  private func pinScanner(_ inventory: Inventory) -> PinScanner {
    PinScanner(inventory, roots: roots, types: types, readingPages: readingPages)
  }

  /// Reads the references first, and searches for holders only if there are any.
  private func attributedPins(
    _ inventory: Inventory, _ namespaces: [Namespace], _ mappings: [Mapping]
  ) -> (pins: [DevicePins], evidence: [PinEvidence], hidden: Int) {
    let scanner = pinScanner(inventory)
    let pins = scanner.scan(namespaces, evidence: nil)
    let isPinned = pins.contains { !$0.ranges.isEmpty || $0.unknown != nil }
    let (evidence, hidden) = EvidenceScanner(mappings, roots: roots, types: types).gather(isPinned: isPinned)
    return (isPinned ? scanner.scan(namespaces, evidence: evidence) : pins, evidence, hidden)
  }

  private func mappings(_ devices: DeviceTable) -> MappingScanner.Scanned {
    let found = try? MappingScanner(devices, roots: roots, types: types).scanFiles(pid: nil)
    return found ?? MappingScanner.Scanned()
  }
}
