import PmemDevice
import PmemModel

/// Who maps and uses what on a simulated machine, as a host would show it.
struct SimUsage {
  let kernel: SimKernel
  private let byDevice: [DeviceID: Namespace]

  init(_ kernel: SimKernel) {
    self.kernel = kernel
    let inventory = SimInventory(kernel.nvdimm).inventory
    let others = inventory.daxDevices.filter { $0.namespace == nil }.map(\.usedNamespace)
    let namespaces = inventory.namespaces + others
    byDevice = Dictionary(namespaces.map { (DeviceID($0), $0) }, uniquingKeysWith: { first, _ in first })
  }

  // MARK: Names

  private func namespaces(_ volume: Volume) -> [Namespace] {
    var found: [Namespace] = []
    for device in kernel.model.devices(under: volume) {
      if let namespace = byDevice[device], !found.contains(where: { $0.dev == namespace.dev }) {
        found.append(namespace)
      }
    }
    return found
  }

  /// `pmem0`, `dax0.0`, `dm-0`.
  func device(_ volume: Volume) -> String {
    if case .stack(let number) = volume { return "dm-\(number)" }
    if case .partition(_, let number) = volume, let disk = namespaces(volume).first?.node {
      return "\(disk)p\(number)"
    }
    return namespaces(volume).first?.node ?? volume.word
  }

  /// The path that /proc shows of a device that is open or mapped (fs/d_path.c:d_path): that of its node, also if that was
  /// renamed, or removed.
  private func nodePath(_ volume: Volume) -> RawText {
    let name = device(volume)
    guard case .device(let id) = volume, let node = kernel.view.nodes.first(where: { $0.device == id }) else {
      return RawText("/dev/\(name)")
    }
    return switch node.kind {
    case .file, .link: RawText("/dev/\(name) (deleted)")
    case .renamed: RawText(node.path ?? "/dev/\(name)")
    case .second: RawText("/dev/\(name)")
    }
  }

  /// The block or DAX device of a namespace; nil if it has none.
  func node(_ device: DeviceID) -> String? { byDevice[device]?.node }

  private func path(_ source: MappedObject) -> RawText {
    guard let inode = source.inode else { return nodePath(source.volume) }
    guard let filesystem = kernel.model.filesystem(source.volume), let file = filesystem.file(inode) else {
      return RawText("(gone)")
    }
    return Self.path(file, on: filesystem)
  }

  static func path(_ file: ModelFile, on filesystem: Filesystem) -> RawText {
    RawText(filesystem.path(of: file))
  }

  private func name(_ process: ModelProcess) -> ProcessName {
    ProcessName(pid: process.pid.rawValue, command: RawText(process.command))
  }

  // MARK: Mappings

  func mappings(pid: Int?) -> MappingReport {
    let view = kernel.view
    guard !view.hidden.contains(.processes) else { return MappingReport(missing: view.missing(of: [])) }
    return MappingReport(mappings: allMappings(pid: pid), missing: view.missing(of: []))
  }

  /// Without the restrictions of a view.
  func allMappings(pid: Int?) -> [Mapping] {
    kernel.model.state.processes.filter { pid == nil || $0.pid.rawValue == pid }.flatMap { process in
      process.mappings.filter { !$0.isRevoked }.map { mapping($0, of: process) }
    }
  }
  private func mapping(_ mapping: MemoryMapping, of process: ModelProcess) -> Mapping {
    let volume = mapping.source.volume
    var shown = Mapping(
      process: name(process), start: mapping.start, end: mapping.end, path: path(mapping.source),
      offset: mapping.offset, device: device(volume), namespaces: namespaces(volume).map(\.dev),
      permissions: (mapping.isWritable ? "rw-" : "r--") + (mapping.isPrivate ? "p" : "s"))
    shown.isFile = mapping.source.inode != nil
    let extents = kernel.model.extents(mapping.source, mapping.offset..<(mapping.offset + mapping.length))
    shown.deviceRanges = extents
    shown.namespaceRanges = kernel.model.pieces(volume, extents).map {
      NamespaceRange(namespace: $0.device.description, extent: $0.extent)
    }
    shown.isDAX = mapping.isDAX
    shown.isSync = mapping.isSync
    shown.isLocked = false
    shown.populated =
      mapping.presentPTEs.isEmpty
      ? [] : [.init(pageSize: mapping.pageSize, bytes: mapping.presentPTEs.length)]
    return shown
  }

  // MARK: Uses

  func usage(of namespaces: [Namespace]) -> UsageReport {
    let all = allMappings(pid: nil)
    let others = Dictionary(
      grouping: mounts + swaps + holders + opens + memory(of: namespaces) + holdersInside(kernel.view),
      by: \.namespace)
    var mapped: [String: [Mapping]] = [:]
    for mapping in all {
      for namespace in Set(mapping.namespaces) { mapped[namespace, default: []].append(mapping) }
    }
    let pins = SimPins(kernel)
    let held = Dictionary(grouping: pins.pins(of: namespaces), by: \.namespace)
    let evidence = pins.evidence(all)
    let pinned = PinUse(kernel.topology.profile.rules, evidence)
    let uses = namespaces.flatMap { namespace in
      let name = namespace.dev
      return MappingUse.uses(mapped[name] ?? [], of: name) + pinned.uses(of: name, held[name] ?? [])
        + (others[name] ?? [])
    }
    return seen(uses, through: kernel.view, of: namespaces)
  }

  /// Mount points of filesystems, by namespace.
  var mountPoints: [String: [RawText]] {
    let mounts = seen(mounts, through: kernel.view, of: []).uses.filter { $0.kind == .mount }
    return Dictionary(grouping: mounts, by: \.namespace).mapValues { $0.map(\.path) }
  }

  func uses(
    _ kind: Usage.Kind, _ volume: Volume, _ path: RawText, process: ProcessName? = nil,
    effect: Usage.Effect = .refused, advice: String
  ) -> [Usage] {
    namespaces(volume).map {
      Usage(
        kind: kind, namespace: $0.dev, path: path, process: process, effect: effect, advice: advice)
    }
  }

  private func memory(of namespaces: [Namespace]) -> [Usage] {
    namespaces.flatMap { namespace in
      (namespace.daxRegion?.devices ?? []).compactMap { Usage(onlineMemoryOf: $0, namespace: namespace.dev) }
    }
  }

  private var mounts: [Usage] {
    kernel.model.state.filesystems.filter(\.isLive).flatMap { filesystem -> [Usage] in
      guard !filesystem.mountPoints.isEmpty else {
        return uses(
          .superblock, filesystem.volume, RawText("\(filesystem.type) on /dev/\(device(filesystem.volume))"),
          advice: "its last user must close it: see which processes have files open on it")
      }
      return filesystem.mountPoints.flatMap { mountPoint in
        uses(
          .mount, filesystem.volume, RawText(mountPoint),
          advice: "pmemctl sim umount \(ShellWord(mountPoint))")
      }
    }
  }

  private var swaps: [Usage] {
    kernel.model.state.swaps.flatMap { volume in
      uses(
        .swap, volume, RawText("/dev/\(device(volume))"), advice: "pmemctl sim swapoff \(device(volume))")
    }
  }

  private var holders: [Usage] {
    kernel.model.state.stacks.flatMap { stack in
      stack.pieces.flatMap { piece in
        uses(
          .holder, piece.volume,
          RawText("/dev/\(device(piece.volume)) by dm-\(stack.number) (\(stack.name))"),
          advice: "pmemctl sim stack remove \(ShellWord(stack.name))")
      }
    }
  }

  private var opens: [Usage] {
    kernel.model.state.processes.flatMap { process in
      var seen: [MappedObject] = []
      return process.open.flatMap { source -> [Usage] in
        guard !seen.contains(source) else { return [] }
        seen.append(source)
        return uses(
          .open, source.volume, path(source), process: name(process),
          effect: source.inode == nil ? .errors : .refused,
          advice: "stop process \(process.pid), or have it close \(path(source))")
      }
    }
  }
}
