import PmemDevice

/// `daxctl reconfigure-device`.
enum ReconfigureCommand {
  static func run(_ session: ToolSession) throws -> ReturnCode {
    let walk = try DaxWalk(session, verb: "reconfigure")
    var request = try Request(session)
    if session.options.flag("check-config") { try request.read(walk.name, session) }
    guard request.size != nil || request.align != nil || request.mode != nil else {
      session.note("error: a 'align', 'mode' or 'size' option is required")
      throw session.misused()
    }
    if request.size == nil, request.align == nil, request.mode == "devdax", request.noOnline {
      session.note("--no-online is incompatible with --mode=devdax")
      throw session.misused()
    }
    var changed: [String] = []
    var shown: (() throws -> Void)?
    let code = try walk.run(failure: "error reconfiguring devices", done: "reconfigured") { tree, location in
      let code = reconfigure(location, tree, request, walk)
      guard code == .done, request.size == nil else { return code }
      changed.append(location.device.chardev)
      shown = { try DaxCommands.show(changed, session) }
      return code
    }
    try shown?()
    return code
  }

  private static func reconfigure(
    _ location: DaxDeviceLocation, _ tree: DeviceTree, _ request: Request, _ walk: DaxWalk
  ) -> ReturnCode {
    let device = location.device
    // The kernel takes another alignment for a new device alone.
    if let align = request.align, align != device.align { return .invalid }
    if let size = request.size { return resize(location, ByteCount(size), tree, walk) }
    switch request.mode {
    case "system-ram": return toMemory(location, tree, request, walk)
    case "devdax": return toDevice(location, tree, request, walk)
    case nil, .some:
      walk.session.note("\(device.chardev): unknown mode requested: 0")
      return .invalid
    }
  }

  private static func resize(
    _ location: DaxDeviceLocation, _ size: ByteCount, _ tree: DeviceTree, _ walk: DaxWalk
  ) -> ReturnCode {
    guard !location.device.isEnabled else { return .busy }
    guard location.region.isDivisible else { return .invalid }
    return walk.perform(on: tree) { _ throws(DeviceError) in
      Plan(
        title: "resize \(location.device.chardev)",
        entries: [
          Plan.Entry(
            .resizeDevice(location.device.chardev, size), "resize \(location.device.chardev) to \(size)")
        ])
    }
  }

  private static func toMemory(
    _ location: DaxDeviceLocation, _ tree: DeviceTree, _ request: Request, _ walk: DaxWalk
  ) -> ReturnCode {
    let device = location.device
    let session = walk.session
    if request.noOnline || !request.noMovable, !request.force, tree.inventory.host.memoryPolicy != .offline {
      session.note("\(device.chardev): error: kernel policy will auto-online memory, aborting")
      return .busy
    }
    if device.isEnabled, device.mode == .systemRAM {
      session.note("\(device.chardev) was already in system-ram mode")
      guard !request.noOnline else { return .done }
      MemoryNotes.beforeOnlining(device, session)
      if MemoryNotes.isOnline(device, session) { return .done }
    }
    let wanted = DaxDeviceRequest(
      mode: .systemRAM, isOnline: !request.noOnline, isMovable: !request.noMovable, force: request.force)
    return walk.perform(on: tree) { planner throws(DeviceError) in try planner.reconfigure([location], wanted)
    }
  }

  private static func toDevice(
    _ location: DaxDeviceLocation, _ tree: DeviceTree, _ request: Request, _ walk: DaxWalk
  ) -> ReturnCode {
    let device = location.device
    if device.isEnabled, device.mode == .devdax {
      walk.session.note("\(device.chardev) was already in devdax mode")
      return .done
    }
    if device.isEnabled, let memory = device.memory, memory.online > 0, !request.force {
      if walk.session.options.flag("verbose") {
        walk.session.note("\(device.chardev): found \(memory.online) memory sections online")
        walk.session.note("\(device.chardev): refusing to change modes")
      }
      return .busy
    }
    let wanted = DaxDeviceRequest(mode: .devdax, force: request.force)
    return walk.perform(on: tree) { planner throws(DeviceError) in try planner.reconfigure([location], wanted)
    }
  }

  /// The request, by the command line or by the configuration.
  struct Request {
    let size: UInt64?
    let align: UInt64?
    var mode: String?
    var noOnline: Bool
    var noMovable: Bool
    let force: Bool

    init(_ session: ToolSession) throws {
      let options = session.options
      let sizes = try DaxSize(session)
      size = sizes.size
      align = sizes.align
      mode = options.text("mode")
      noOnline = options.flag("no-online")
      noMovable = options.flag("no-movable")
      force = options.flag("force")
    }

    /// Takes what the configuration has for a device.
    ///
    /// - Throws: ``ToolExit`` with status 0 if it has nothing: udev asks for every device.
    mutating func read(_ device: String, _ session: ToolSession) throws {
      guard mode == nil, !noOnline, !noMovable else {
        session.note("\(device): -C cannot be used with --mode, --(no-)movable, or --(no-)online")
        throw session.misused()
      }
      let tree = try session.devices(.listing)
      let namespace = tree.inventory.daxDevices.first { $0.device.chardev == device }?.namespace
      let section = namespace?.uuid.flatMap { DaxConfiguration.section(for: $0) }
      if namespace == nil { session.note("no UUID match for \(device) found in config files") }
      mode = section?.mode
      noOnline = section?.isOnline == false
      noMovable = section?.isMovable == false
      guard mode != nil || noOnline || noMovable else {
        session.note("\(device): missing or malformed config section")
        throw ToolExit(0)
      }
    }
  }
}

/// The sizes of a device, from the command line or from a file of `--input`.
struct DaxSize {
  let size: UInt64?
  let align: UInt64?
  let region: String?

  /// - Throws: ``ToolExit/usage`` for a file that describes no device.
  init(_ session: ToolSession) throws {
    let options = session.options
    guard let path = options.text("input") else {
      size = options.text("size").map { SizeText($0)?.bytes ?? .max }
      align = options.text("align").map { SizeText($0)?.bytes ?? .max }
      region = options.text("region")
      return
    }
    guard let bytes = try? ToolFile.read(path), let device = DaxDescription(bytes) else {
      session.note("error: failed to parse device file: \(ReturnCode.invalid.text)")
      throw session.misused()
    }
    size = device.size
    align = device.align
    region = String(device.region)
  }
}
