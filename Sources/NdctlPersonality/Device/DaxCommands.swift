import PmemDevice
import PmemctlCommands

/// daxctl's commands on devices.
enum DaxCommands {
  static let all = [
    SpecialCommands.splitACPI, SpecialCommands.migrate,
    ToolCommand("create-device", "[<options>]", base + creating + reconfiguring + zone, run: create),
    ToolCommand(
      "destroy-device", "<device> [<options>]",
      base + [OptionSpec("f", "force", .flag, nil, "disable it first")], run: destroy),
    ToolCommand(
      "reconfigure-device", "<device> [<options>]", base + creating + reconfiguring + zone,
      run: ReconfigureCommand.run),
    ToolCommand("online-memory", "<device> [<options>]", base + zone, run: online),
    ToolCommand("offline-memory", "<device> [<options>]", base, run: offline),
    ToolCommand("disable-device", "<device>", base, run: disable),
    ToolCommand("enable-device", "<device>", base, run: enable),
  ]

  private static let base = [
    OptionSpec("r", "region", .text, "region-id", "only in this region"),
    OptionSpec("u", "human", .flag, nil, "human-readable sizes"),
    OptionSpec("v", "verbose", .flag, nil, "print more"),
  ]
  private static let creating = [
    OptionSpec("s", "size", .text, "size", "of the device"),
    OptionSpec("a", "align", .text, "align", "of the device"),
    OptionSpec(nil, "input", .text, "file", "JSON of the device"),
  ]
  private static let reconfiguring = [
    OptionSpec("m", "mode", .text, "mode", "devdax or system-ram"),
    OptionSpec("N", "no-online", .flag, nil, "leave its memory offline"),
    OptionSpec("f", "force", .flag, nil, "take its memory offline first"),
    OptionSpec("C", "check-config", .flag, nil, "as configured in daxctl.conf.d"),
  ]
  private static let zone = [
    OptionSpec(nil, "no-movable", .flag, nil, "memory that may not go offline again")
  ]

  // MARK: Drivers

  private static func isMemory(_ device: DaxDevice, _ session: ToolSession) -> Bool {
    guard device.mode == .systemRAM else { return false }
    session.note("\(device.chardev): status operations are only applicable in devdax mode")
    return true
  }

  private static func enable(_ session: ToolSession) throws -> ReturnCode {
    // daxctl itself asks for a device "to disable" here.
    let walk = try DaxWalk(session, verb: "disable")
    return try walk.run(failure: "error enabling device", done: "enabled") { tree, location in
      guard !isMemory(location.device, session) else { return .noDeviceOrAddress }
      let code = walk.perform(on: tree) { planner throws(DeviceError) in try planner.enable([location]) }
      if code.isError { session.note("\(location.device.chardev): enable failed: \(code.text)") }
      return code
    }
  }

  private static func disable(_ session: ToolSession) throws -> ReturnCode {
    let walk = try DaxWalk(session, verb: "disable")
    return try walk.run(failure: "error disabling device", done: "disabled") { tree, location in
      guard !isMemory(location.device, session) else { return .noDeviceOrAddress }
      let code = walk.perform(on: tree) { planner throws(DeviceError) in try planner.disable([location]) }
      if code.isError { session.note("\(location.device.chardev): disable failed: \(code.text)") }
      return code
    }
  }

  // MARK: Memory

  private static func isProgram(_ device: DaxDevice, _ session: ToolSession) -> Bool {
    guard device.mode != .systemRAM else { return false }
    session.note("\(device.chardev): memory operations are not applicable in devdax mode")
    return true
  }

  private static func online(_ session: ToolSession) throws -> ReturnCode {
    let walk = try DaxWalk(session, verb: "online memory for")
    return try walk.run(failure: "error onlining memory", done: "onlined memory for") { tree, location in
      guard !isProgram(location.device, session) else { return .noDeviceOrAddress }
      MemoryNotes.beforeOnlining(location.device, session)
      if MemoryNotes.isOnline(location.device, session) { return .failed }
      let code = walk.perform(on: tree) { planner throws(DeviceError) in
        try planner.online([location], isMovable: !session.options.flag("no-movable"))
      }
      if code.isError { session.note("\(location.device.chardev): failed to online memory: \(code.text)") }
      return code
    }
  }

  private static func offline(_ session: ToolSession) throws -> ReturnCode {
    let walk = try DaxWalk(session, verb: "offline memory for")
    return try walk.run(failure: "error offlining memory", done: "offlined memory for") { tree, location in
      guard !isProgram(location.device, session) else { return .noDeviceOrAddress }
      if MemoryNotes.isOffline(location.device, session) { return .failed }
      let code = walk.perform(on: tree) { planner throws(DeviceError) in try planner.offline([location]) }
      if code.isError { session.note("\(location.device.chardev): failed to offline memory: \(code.text)") }
      return code
    }
  }

  // MARK: Regions that can be divided

  private static func create(_ session: ToolSession) throws -> ReturnCode {
    let request = try DaxSize(session)
    var code: ReturnCode = .noDeviceOrAddress
    var created: [String] = []
    let regions = try session.devices(.planning, forWriting: true).daxRegions
      .filter { DaxSelectors.matches($0, request.region) }
    for region in regions {
      guard region.isDivisible, region.availableSize != .zero else {
        code = .noSpace
        continue
      }
      let tree = try session.devices(.planning, forWriting: true)
      let before = Set(tree.inventory.daxDevices.filter { $0.device.size != .zero }.map(\.device.chardev))
      code = session.perform(on: tree) { machine throws(DeviceError) in
        try DaxDevicePlanner(tree.inventory, inspector: session.inspector(machine))
          .create(in: region.id, size: request.size.map { ByteCount($0) }, align: request.align)
      }
      guard code == .done else { continue }
      let now = try session.devices(.listing).inventory.daxDevices
      created += now.filter { $0.device.size != .zero && !before.contains($0.device.chardev) }
        .map(\.device.chardev)
    }
    try DaxCommands.show(created, session)
    if code.isError { session.note("error creating devices: \(code.text)") }
    session.note("created \(counted(created.count, "device"))")
    return code
  }

  private static func destroy(_ session: ToolSession) throws -> ReturnCode {
    let walk = try DaxWalk(session, verb: "destroy")
    return try walk.run(failure: "error destroying devices", done: "destroyed") { tree, location in
      guard !location.device.isEnabled || session.options.flag("force") else {
        session.note("\(location.device.chardev) is active, specify --force for deletion")
        return .noDeviceOrAddress
      }
      return walk.perform(on: tree) { planner throws(DeviceError) in
        try planner.destroy([location], force: true)
      }
    }
  }

  /// Prints devices as they are now, in an array.
  static func show(_ names: [String], _ session: ToolSession) throws {
    guard !names.isEmpty else { return }
    let now = try session.devices(.listing).inventory.daxDevices
    let isHuman = session.options.flag("human")
    let objects = DaxObjects(style: NumberStyle(isHuman: isHuman), showsIdle: true)
    let found = names.compactMap { name in now.first { $0.device.chardev == name } }
    try session.answer(ListShape.array(found.map { objects.device($0.device) }, isHuman))
  }
}
