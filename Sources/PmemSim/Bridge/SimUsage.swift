import PmemDevice

/// Who maps and uses what on a simulated machine, as a host would show it.
struct SimUsage {
  private let kernel: SimKernel
  private let inventory: Inventory

  init(_ kernel: SimKernel) {
    self.kernel = kernel
    inventory = SimInventory(kernel).inventory
  }

  // MARK: Names

  private func namespaces(_ volume: SimVolume) -> [Namespace] {
    var found: [Namespace] = []
    for (region, id) in kernel.namespaces(under: volume) {
      let namespace = inventory.namespaces.first { $0.regionID == region && $0.id == id }
      if let namespace, !found.contains(where: { $0.dev == namespace.dev }) { found.append(namespace) }
    }
    return found
  }

  /// `pmem0`, `dax0.0`, `dm-0`.
  private func device(_ volume: SimVolume) -> String {
    if case .stack(let number) = volume { return "dm-\(number)" }
    if case .partition(_, _, let number) = volume, let disk = namespaces(volume).first?.node {
      return "\(disk)p\(number)"
    }
    return namespaces(volume).first?.node ?? volume.word
  }

  private func path(_ source: SimSource) -> RawText {
    guard let inode = source.inode else { return RawText("/dev/\(device(source.volume))") }
    guard let filesystem = kernel.filesystem(source.volume), let file = filesystem.file(inode) else {
      return RawText("(gone)")
    }
    return Self.path(file, on: filesystem)
  }

  static func path(_ file: SimFile, on filesystem: SimFilesystem) -> RawText {
    let folder = filesystem.places.first ?? ""
    return RawText((folder == "/" ? "" : folder) + file.path + (file.isDeleted ? " (deleted)" : ""))
  }

  private func name(_ process: SimProcess) -> ProcessName {
    ProcessName(pid: process.pid, command: RawText(process.command))
  }

  // MARK: Mappings

  func mappings(pid: Int?) -> MappingReport {
    MappingReport(
      mappings: kernel.memory.processes.filter { pid == nil || $0.pid == pid }.flatMap { process in
        process.mappings.filter { !$0.isRevoked }.map { mapping($0, of: process) }
      })
  }

  private func mapping(_ mapping: SimMapping, of process: SimProcess) -> Mapping {
    let volume = mapping.source.volume
    var shown = Mapping(
      process: name(process), start: mapping.start, end: mapping.end, path: path(mapping.source),
      offset: mapping.offset, device: device(volume), namespaces: namespaces(volume).map(\.dev),
      permissions: mapping.isWritable ? "rw-s" : "r--s")
    shown.isFile = mapping.source.inode != nil
    let extents = kernel.extents(mapping.source, mapping.offset..<(mapping.offset + mapping.length))
    shown.deviceRanges = extents
    shown.namespaceRanges = kernel.pieces(volume, extents).map {
      NamespaceRange(namespace: "namespace\($0.region).\($0.namespace)", extent: $0.extent)
    }
    shown.isDAX = mapping.isDAX
    shown.isSync = mapping.isSync
    shown.isLocked = false
    shown.populated =
      mapping.populated.isEmpty
      ? [] : [.init(pageSize: mapping.pageSize, bytes: mapping.populated.length)]
    return shown
  }

  // MARK: Uses

  func usage(of namespaces: [Namespace]) -> UsageReport {
    let all = mappings(pid: nil).mappings
    let others = mounts + swaps + holders + opens + memory(of: namespaces)
    let pins = SimPins(kernel)
    let held = pins.pins(of: namespaces)
    let evidence = pins.evidence(all)
    let pinned = PinUse(kernel.topology.profile.rules, evidence)
    return UsageReport(
      uses: namespaces.flatMap { namespace in
        MappingUse.uses(all.filter { $0.namespaces.contains(namespace.dev) }, of: namespace.dev)
          + pinned.uses(of: namespace.dev, held.filter { $0.namespace == namespace.dev })
          + others.filter { $0.namespace == namespace.dev }
      })
  }

  private func uses(
    _ kind: Usage.Kind, _ volume: SimVolume, _ path: RawText, process: ProcessName? = nil,
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
    kernel.memory.filesystems.flatMap { filesystem -> [Usage] in
      guard !filesystem.places.isEmpty else {
        return uses(
          .superblock, filesystem.volume, RawText("\(filesystem.type) on /dev/\(device(filesystem.volume))"),
          advice: "its last user must go: see what has files open on it")
      }
      return filesystem.places.flatMap { place in
        uses(.mount, filesystem.volume, RawText(place), advice: "pmemctl sim umount \(ShellWord(place))")
      }
    }
  }

  private var swaps: [Usage] {
    kernel.memory.swaps.flatMap { volume in
      uses(
        .swap, volume, RawText("/dev/\(device(volume))"), advice: "pmemctl sim swapoff \(device(volume))")
    }
  }

  private var holders: [Usage] {
    kernel.memory.stacks.flatMap { stack in
      stack.pieces.flatMap { piece in
        uses(
          .holder, piece.volume,
          RawText("/dev/\(device(piece.volume)) by dm-\(stack.number) (\(stack.name))"),
          advice: "pmemctl sim stack remove \(ShellWord(stack.name))")
      }
    }
  }

  private var opens: [Usage] {
    kernel.memory.processes.flatMap { process in
      var seen: [SimSource] = []
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
