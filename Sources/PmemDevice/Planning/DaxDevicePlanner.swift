/// Plans what happens to DAX devices: drivers, memory, and in regions that can be divided their size. Several at once are
/// one plan.
public struct DaxDevicePlanner {
  private let inventory: Inventory
  private let teardownGuard: TeardownGuard
  private let rules: SystemRAMRules

  /// - Parameters:
  ///   - inventory: The machine's devices.
  ///   - inspector: Asked who is in the way.
  ///   - accepted: Harm that a person has named, and wants done.
  public init(_ inventory: Inventory, inspector: any UsageInspector, accepting accepted: AcceptedDangers = [])
  {
    self.inventory = inventory
    teardownGuard = TeardownGuard(inventory, inspector: inspector, contents: nil, accepting: accepted)
    rules = SystemRAMRules(inventory.host)
  }

  // MARK: Drivers

  /// Binds devices to the drivers of their modes; enabled ones are left out. Throws if one has no size.
  public func enable(_ devices: [DaxDeviceLocation]) throws(DeviceError) -> Plan {
    let disabled = devices.map(\.device).filter { !$0.isEnabled }
    for device in disabled where device.size == .zero {
      throw DeviceError(
        .failed, "cannot enable \(device.chardev): it has no size",
        try: ["pmemctl device reconfigure --size max \(device.chardev)"], errno: 6)
    }
    return Plan(
      title: "enable \(Self.count(devices))", entries: disabled.map { Self.binding($0, .devdax) },
      warnings: devices.filter(\.device.isEnabled).map { "\($0.device.chardev) is enabled already" })
  }

  /// Unbinds devices. Throws ``DeviceError/Code/refused`` if one is in use.
  public func disable(_ devices: [DaxDeviceLocation]) throws(DeviceError) -> Plan {
    let enabled = devices.filter(\.device.isEnabled)
    let clearance = try check(enabled, verb: "disable")
    return Plan(
      title: "disable \(Self.count(devices))", entries: enabled.map { Self.unbinding($0.device) },
      warnings: clearance.warnings
        + devices.filter { !$0.device.isEnabled }.map { "\($0.device.chardev) is disabled already" },
      isDestructive: clearance.harmsUsers, harmsUsers: clearance.harmsUsers)
  }

  // MARK: Memory

  /// - Parameters:
  ///   - devices: Which; all must be system-ram.
  ///   - isMovable: Whether it goes to ZONE_MOVABLE.
  /// - Returns: The plan.
  /// - Throws: ``DeviceError/Code/failed`` for a device that is not system-ram.
  public func online(_ devices: [DaxDeviceLocation], isMovable: Bool) throws(DeviceError) -> Plan {
    try checkRAM(devices, verb: "online")
    let offline = devices.map(\.device).filter { $0.memory?.online ?? 0 < $0.memory?.total ?? 0 }
    return Plan(
      title: "bring the memory of \(Self.count(devices)) online",
      entries: offline.map { Self.onlining($0, isMovable: isMovable) },
      warnings: devices.map(\.device).filter { device in !offline.contains(device) }.map {
        "all memory of \($0.chardev) is online already"
      })
  }

  /// Takes all memory of devices in system-ram mode offline. Throws if one is in another mode.
  public func offline(_ devices: [DaxDeviceLocation]) throws(DeviceError) -> Plan {
    try checkRAM(devices, verb: "offline")
    let online = devices.map(\.device).filter { $0.memory?.online ?? 0 > 0 }
    return Plan(
      title: "take the memory of \(Self.count(devices)) offline", entries: online.map(Self.offlining),
      warnings: online.filter { ($0.memory?.movable ?? 0) < ($0.memory?.online ?? 0) }.map {
        "memory of \($0.chardev) is not in ZONE_MOVABLE: its pages may not be movable"
      }
        + devices.map(\.device).filter { device in !online.contains(device) }.map {
          "no memory of \($0.chardev) is online"
        })
  }

  private func checkRAM(_ devices: [DaxDeviceLocation], verb: String) throws(DeviceError) {
    for device in devices.map(\.device) where device.mode != .systemRAM {
      throw DeviceError(
        .failed, "cannot \(verb) memory of \(device.chardev): it is devdax, not the kernel's memory",
        try: ["pmemctl device reconfigure --mode system-ram \(device.chardev)"], errno: 19)
    }
  }

  // MARK: Modes and sizes

  /// - Returns: The plan; without steps if nothing has to change.
  /// - Throws: ``DeviceError/Code/unsupported`` if a region cannot be divided or the kernel has no kmem,
  ///   ``DeviceError/Code/refused`` if a device is in use, or memory is online and force is needed.
  public func reconfigure(
    _ devices: [DaxDeviceLocation], _ request: DaxDeviceRequest
  ) throws(DeviceError) -> Plan {
    var plan = Plan(title: "reconfigure \(Self.count(devices))", entries: [])
    for location in devices {
      let device = location.device
      let size =
        request.takesAll
        ? ByteCount(device.size.rawValue + (location.region.availableSize?.rawValue ?? 0)) : request.size
      if size != nil { try checkDivisible(location, verb: "resize") }
      let mode = request.mode ?? (device.isEnabled ? device.mode : .devdax)
      if mode == .systemRAM {
        plan.facts += try rules.facts(device, request, resized: size)
      }
      let changes = !device.isEnabled || device.mode != mode || size ?? device.size != device.size
      guard changes else {
        plan.warnings.append("\(device.chardev) is \(mode.rawValue) already")
        if mode == .systemRAM, request.isOnline, device.memory?.online ?? 0 < device.memory?.total ?? 0 {
          plan.entries.append(Self.onlining(device, isMovable: request.isMovable))
        }
        continue
      }
      plan.entries += try freeing(location, force: request.force, &plan)
      if let size, size != device.size {
        plan.entries.append(
          Plan.Entry(
            .resizeDevice(device.chardev, size), "resize \(device.chardev) from \(device.size) to \(size)"))
      }
      plan.entries.append(Self.binding(device, mode))
      // If the kernel brings new memory online by itself, no step is needed.
      guard mode == .systemRAM, request.isOnline, inventory.host.memoryPolicy == .offline else { continue }
      plan.entries.append(Self.onlining(device, isMovable: request.isMovable))
    }
    return plan
  }

  /// The step that leaves it without a driver.
  private func freeing(
    _ location: DaxDeviceLocation, force: Bool, _ plan: inout Plan
  ) throws(DeviceError) -> [Plan.Entry] {
    let device = location.device
    guard device.isEnabled else { return [] }
    guard device.mode == .systemRAM, let memory = device.memory, memory.online > 0 else {
      let clearance = try check([location], verb: "reconfigure")
      plan.warnings += clearance.warnings
      plan.harmsUsers = plan.harmsUsers || clearance.harmsUsers
      plan.isDestructive = plan.harmsUsers
      return [Self.unbinding(device)]
    }
    guard force else {
      throw DeviceError(
        .refused,
        "refused: \(memory.online) of \(memory.total) memory blocks of \(device.chardev) are online",
        details: ["the kernel uses them; --force takes them offline first, if possible; nothing was changed"],
        try: ["pmemctl device offline \(device.chardev)"], errno: 16)
    }
    return [Self.offlining(device), Self.unbinding(device)]
  }

  // MARK: Regions that can be divided

  /// - Parameters:
  ///   - region: The region; nil for the only one that can be divided.
  ///   - size: How much; nil for all that is left.
  ///   - align: nil for the region's.
  /// - Returns: The plan.
  /// - Throws: ``DeviceError/Code/unsupported`` if no region can be divided.
  public func create(in region: Int?, size: ByteCount?, align: UInt64?) throws(DeviceError) -> Plan {
    let divisible = inventory.otherDaxRegions.filter(\.isDivisible)
    let candidates = region.map { id in divisible.filter { $0.id == id } } ?? divisible
    guard let chosen = candidates.first, candidates.count == 1 else {
      guard candidates.isEmpty else {
        throw DeviceError(
          .ambiguous, "which DAX region? Name one with --region",
          details: candidates.map { "\($0.id): \($0.availableSize ?? .zero) of \($0.size) free" })
      }
      throw DeviceError(
        .unsupported, "cannot create a DAX device: no DAX region here can be divided",
        details: [
          "that of a devdax namespace is one device; memory that the platform sets aside (hmem, CXL) can be divided"
        ], try: ["pmemctl namespace create --mode devdax"], errno: 95)
    }
    let free = chosen.availableSize ?? .zero
    let align = align ?? chosen.align
    let size = size ?? ByteCount(free.rawValue / align * align)
    let what = "cannot create a DAX device of \(size) in DAX region \(chosen.id)"
    guard size <= free, size != .zero else {
      throw DeviceError(.failed, "\(what): \(free) of \(chosen.size) are free", errno: 28)
    }
    guard align >= chosen.align, align & (align - 1) == 0 else {
      throw DeviceError(
        .failed, "\(what): its alignment must be a power of two, \(ByteCount(chosen.align)) at least",
        errno: 22)
    }
    guard size.rawValue % align == 0 else {
      throw DeviceError(
        .failed, "\(what): it must be a multiple of \(ByteCount(align)), its alignment", errno: 22)
    }
    return Plan(
      title: "create a DAX device of \(size) in DAX region \(chosen.id)",
      entries: [
        Plan.Entry(
          .createDevice(region: chosen.id, size: size, align: align),
          "take \(size) of the free \(free), and bind it to device_dax")
      ])
  }

  /// Removes devices from their regions. Throws ``DeviceError/Code/refused`` if one is in use, or enabled without
  /// `force`.
  public func destroy(_ devices: [DaxDeviceLocation], force: Bool) throws(DeviceError) -> Plan {
    for location in devices { try checkDivisible(location, verb: "destroy") }
    let enabled = devices.filter(\.device.isEnabled)
    let clearance = try check(enabled, verb: "destroy")
    if !force, let first = enabled.first {
      throw DeviceError(
        .refused, "refused: \(first.device.chardev) is enabled",
        details: ["it seems unused; --force destroys it; nothing was changed"], errno: 16)
    }
    return Plan(
      title: "destroy \(Self.count(devices))",
      entries: enabled.map { Self.unbinding($0.device) }
        + devices.map { location in
          Plan.Entry(
            .destroyDevice(location.device.chardev),
            "remove \(location.device.chardev): \(location.device.size) are free again",
            loses: "the content of the memory of \(location.device.chardev)")
        },
      warnings: clearance.warnings, isDestructive: !devices.isEmpty, harmsUsers: clearance.harmsUsers)
  }

  private func checkDivisible(_ location: DaxDeviceLocation, verb: String) throws(DeviceError) {
    guard !location.region.isDivisible else { return }
    let owner = location.namespace?.dev ?? "its region"
    throw DeviceError(
      .unsupported, "cannot \(verb) \(location.device.chardev): it is all of \(owner), and cannot be divided",
      details: ["a DAX region of persistent memory is one device"],
      try: location.namespace.map {
        verb == "destroy"
          ? ["pmemctl namespace destroy \($0.dev)"] : ["pmemctl namespace reconfigure --size max \($0.dev)"]
      } ?? [], errno: 95)
  }

  // MARK: Steps

  private func check(_ devices: [DaxDeviceLocation], verb: String) throws(DeviceError)
    -> TeardownGuard.Clearance
  {
    try teardownGuard.check(devices.map(\.usedNamespace), verb: verb, what: Self.count(devices))
  }

  private static func binding(_ device: DaxDevice, _ mode: DaxDevice.Mode) -> Plan.Entry {
    let what = mode == .devdax ? "bind \(device.chardev) to device_dax" : "bind \(device.chardev) to kmem"
    return Plan.Entry(
      .bindDevice(device.chardev, mode), "\(what) (\(mode.rawValue))")
  }

  private static func unbinding(_ device: DaxDevice) -> Plan.Entry {
    Plan.Entry(
      .unbindDevice(device.chardev), "unbind \(device.chardev)")
  }

  private static func onlining(_ device: DaxDevice, isMovable: Bool) -> Plan.Entry {
    Plan.Entry(
      .onlineMemory(device: device.chardev, movable: isMovable),
      "bring its memory online\(isMovable ? ", in ZONE_MOVABLE" : "")")
  }

  private static func offlining(_ device: DaxDevice) -> Plan.Entry {
    Plan.Entry(
      .offlineMemory(device: device.chardev),
      "take the \(device.memory?.online ?? 0) memory blocks of \(device.chardev) offline")
  }

  private static func count(_ devices: [DaxDeviceLocation]) -> String {
    devices.count == 1 ? devices[0].device.chardev : "\(devices.count) DAX devices"
  }
}
