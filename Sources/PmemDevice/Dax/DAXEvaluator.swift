/// Decides for everything on persistent memory whether it has DAX, could have it, and why not.
///
/// The rules are the kernel's: drivers/dax/super.c (fs_dax_get_by_bdev), drivers/md/dm-linear.c (linear_dax_pgoff),
/// fs/ext4/super.c and fs/xfs/xfs_super.c (dax=), block/fops.c since 4.7 (a block device is mapped through the page cache).
public struct DAXEvaluator {
  let inventory: Inventory
  let layers: [DaxLayer]
  /// Without filesystems, by device.
  let devices: [String: [DaxLayer]]
  private let layersByNamespace: [String: [DaxLayer]]
  private let devicesByNamespace: [String: [DaxDeviceLocation]]

  public init(_ inventory: Inventory, layers: [DaxLayer]) {
    self.inventory = inventory
    self.layers = layers
    devices = Dictionary(grouping: layers.filter { $0.filesystem == nil }, by: \.device)
    var layersByNamespace: [String: [DaxLayer]] = [:]
    for layer in layers {
      for namespace in Set(layer.namespaces) { layersByNamespace[namespace, default: []].append(layer) }
    }
    self.layersByNamespace = layersByNamespace
    devicesByNamespace = Dictionary(
      grouping: inventory.daxDevices.filter { $0.namespace != nil }, by: { $0.namespace?.dev ?? "" })
  }

  var rules: KernelRules { inventory.host.rules }
  var page: UInt64 { inventory.host.pageSize }

  /// A namespace, its DAX devices, its block device, and all that is on that; in the order of the namespaces.
  ///
  /// - Parameter namespace: A configured one.
  /// - Returns: One state each.
  public func states(of namespace: Namespace) -> [DaxState] {
    let devices = devicesByNamespace[namespace.dev] ?? []
    let own = layersByNamespace[namespace.dev] ?? []
    return [state(of: namespace)] + devices.map { state(of: $0, namespace) } + own.map(state)
  }

  // MARK: Namespaces and DAX devices

  private func state(of namespace: Namespace) -> DaxState {
    var state = DaxState(
      kind: "namespace", name: RawText(namespace.dev), namespaces: [namespace.dev], isPossible: false,
      isOn: false)
    guard namespace.isEnabled else {
      state.causes = [
        DaxCause(.disabled, "it is disabled", remedy: "pmemctl namespace enable \(namespace.dev)")
      ]
      return state
    }
    switch namespace.mode {
    case .fsdax, .devdax:
      state.isPossible = true
      state.isOn = true
    case .raw where rules.hasPagelessDAX:
      state.isPossible = true
      state.isOn = true
      state.causes = [pageless]
    case .raw:
      state.causes = [
        DaxCause(
          .rawMode, "raw mode: the kernel has no pages for its memory",
          remedy: "pmemctl dax enable \(namespace.dev) --for qemu|spdk|rdma|fs")
      ]
    case .sector:
      state.causes = [
        DaxCause(
          .sectorMode, "sector mode: the BTT moves blocks at every write, none can be mapped",
          remedy: "pmemctl dax enable \(namespace.dev) --for qemu|spdk|rdma|fs")
      ]
    }
    state.causes += cautions(namespace)
    return state
  }

  /// Conditions that do not prevent DAX, but that a user of the mapping should know.
  private func cautions(_ namespace: Namespace) -> [DaxCause] {
    var causes: [DaxCause] = []
    if namespace.badblockCount > 0 {
      causes.append(
        DaxCause(
          .badBlocks, "\(namespace.badblockCount) bad blocks: a process that touches one is killed by SIGBUS",
          remedy: "pmemctl namespace clear-errors \(namespace.dev)"))
    }
    if let region = inventory.region(of: namespace),
      inventory.bus(of: region)?.provider.hasPrefix("virtio") ?? false
    {
      causes.append(
        DaxCause(
          .notSynchronous, "virtio-pmem: MAP_SYNC is refused, only fsync reaches the host's disk",
          remedy: "give the guest an NVDIMM instead"))
    }
    return causes
  }

  private var pageless: DaxCause {
    DaxCause(
      .pageless, "its memory has no pages: O_DIRECT and get_user_pages to a mapping of it fail",
      remedy: "fsdax or devdax mode have them")
  }

  private func state(of location: DaxDeviceLocation, _ namespace: Namespace) -> DaxState {
    let device = location.device
    var state = DaxState(
      kind: "dax-device", name: RawText("/dev/\(device.chardev)"), namespaces: [namespace.dev],
      isPossible: true, isOn: device.isEnabled && device.mode == .devdax)
    if !device.isEnabled {
      state.causes = [
        DaxCause(.noDriver, "no driver is bound", remedy: "pmemctl device enable \(device.chardev)")
      ]
    } else if device.mode == .systemRAM {
      state.causes = [
        DaxCause(
          .systemRAM, "it is the kernel's own memory (system-ram)",
          remedy: "pmemctl device reconfigure --mode devdax \(device.chardev)")
      ]
    } else {
      state.note = "programs map it, \(ByteCount(device.align)) pages at most"
    }
    return state
  }

  // MARK: Block devices

  private func state(of layer: DaxLayer) -> DaxState {
    if let filesystem = layer.filesystem { return state(of: filesystem, layer) }
    let causes = obstacles(layer)
    var state = DaxState(
      kind: layer.kind.rawValue, name: RawText("/dev/\(layer.name)"), namespaces: layer.namespaces,
      isPossible: causes.isEmpty, isOn: layer.hasQueueDAX ?? false, causes: causes)
    guard causes.isEmpty else { return state }
    if rules.mapsBlockDevices, layer.kind == .disk {
      state.note = "programs map it, with no filesystem between"
      return state
    }
    state.isOn = false
    state.causes = [
      DaxCause(
        .blockDevice, "a block device is mapped through the page cache; DAX is for a filesystem on it",
        remedy: layer.kind == .disk ? "pmemctl dax enable \(layer.name) --for qemu, for a program" : nil)
    ]
    return state
  }

  /// The causes that prevent DAX on a filesystem on a block device, or make it dangerous.
  func obstacles(_ layer: DaxLayer) -> [DaxCause] {
    let own = inventory.namespaces(named: layer.namespaces)
    var causes: [DaxCause] = []
    for namespace in own where namespace.mode == .sector || namespace.mode == .raw && !rules.hasPagelessDAX {
      causes.append(
        DaxCause(
          namespace.mode == .sector ? .sectorMode : .rawMode, "\(namespace.dev) is in \(namespace.mode) mode",
          remedy: "pmemctl dax enable \(namespace.dev) --for fs"))
    }
    if layer.kind == .partition, let extent = layer.partition,
      extent.offset % page != 0 || extent.length % page != 0
    {
      causes.append(
        DaxCause(
          .misalignedPartition,
          "the partition begins at byte \(extent.offset) and is \(extent.length) long: not whole pages of \(page)",
          remedy: "recreate the partitions at multiples of 2 MiB"))
    }
    if layer.kind == .stack { causes += stackObstacles(layer) }
    if causes.isEmpty, layer.hasQueueDAX == false {
      causes.append(
        layer.kind == .stack
          ? DaxCause(.stackWithoutDAX, "the stacked device does not pass DAX through (queue/dax is 0)")
          : DaxCause(
            .noQueueDAX, "the kernel offers no DAX on it (queue/dax is 0)",
            remedy: "a kernel with CONFIG_FS_DAX"))
    }
    return causes
  }

  /// drivers/md/dm-linear.c:linear_dax_pgoff() rounds the sector down to whole pages: data stored through DAX is at
  /// another offset than the block layer reads from.
  private func stackObstacles(_ layer: DaxLayer) -> [DaxCause] {
    let crooked = (layer.targets ?? []).first { ($0.start &- $0.begin) % page != 0 }
    guard let crooked else { return [] }
    return [
      DaxCause(
        .misalignedStack,
        "a target begins at byte \(crooked.start) of \(crooked.lower), not at a page"
          + (layer.hasQueueDAX == true
            ? ": the kernel reports DAX, mounts it with DAX, and corrupts data" : ""),
        remedy: "a table that begins at multiples of \(page / 512) sectors",
        isDangerous: layer.hasQueueDAX == true)
    ]
  }
}

/// The effect of mount options (Documentation/filesystems/dax.rst).
enum DaxMount: Hashable, Sendable {
  case always, never, inode

  init(_ options: [String]) {
    let words = options.flatMap { $0.split(separator: ",").map(String.init) }
    if words.contains("dax") || words.contains("dax=always") {
      self = .always
    } else {
      self = words.contains("dax=never") ? .never : .inode
    }
  }
}
