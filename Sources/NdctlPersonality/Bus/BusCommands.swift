import PmemDevice
import PmemInspect
import PmemctlCommands

/// The commands that take buses, or all of them without a name.
enum BusCommands {
  static let all = [
    ToolCommand(
      "wait-scrub", "[<bus-id> <bus-id2> ... <bus-idN>] [<options>]",
      [
        OptionSpec("v", "verbose", .flag, nil, "print debug messages of the library"),
        OptionSpec("p", "poll", .number, nil, "poll interval in seconds"),
      ], run: wait),
    ToolCommand(
      "activate-firmware", "[<bus-id> <bus-id2> ... <bus-idN>] [<options>]",
      [
        OptionSpec("v", "verbose", .flag, nil, "print debug messages of the library"),
        OptionSpec("I", "idle", .flag, nil, "with the platform idle"),
        OptionSpec("f", "force", .flag, nil, "without suspending"),
        OptionSpec("n", "dry-run", .flag, nil, "change nothing"),
      ], run: activate),
    ToolCommand(
      "start-scrub", "[<bus-id> <bus-id2> ... <bus-idN>] [<options>]",
      [OptionSpec("v", "verbose", .flag, nil, "print debug messages of the library")], run: start),
  ]

  private static func buses(_ session: ToolSession, _ tree: DeviceTree) -> [Bus] {
    let names = session.options.names
    let words = names.isEmpty || names.contains("all") ? ["all"] : names
    return words.flatMap { word in tree.buses.filter { Selectors.matches($0, word) } }
  }

  /// - Returns: 0 if one bus succeeded, else what the first one returned.
  private static func run(
    _ session: ToolSession, failure: String, withDimms: Bool = false,
    visit: (DeviceTree, Bus) throws -> ReturnCode
  ) throws -> ReturnCode {
    let tree = try session.devices(.listing)
    var done: [Bus] = []
    var first: ReturnCode?
    for bus in buses(session, tree) {
      let code = try visit(tree, bus)
      if code == .done { done.append(bus) } else { first = first ?? code }
    }
    guard !done.isEmpty else {
      let code = first ?? .noDeviceOrAddress
      session.note("\(failure): \(code.text)")
      return code
    }
    try session.answer(.array(objects(of: done, session, withDimms: withDimms).map { .object($0) }))
    return .done
  }

  /// As they are now.
  private static func objects(
    of buses: [Bus], _ session: ToolSession, withDimms: Bool
  ) throws -> [LibraryObject] {
    let now = try session.devices(.listing).buses.filter { bus in buses.contains { $0.dev == bus.dev } }
    let firmware = try FirmwareFacts(of: now, session)
    let objects = DeviceObjects(style: NumberStyle(isHuman: true))
    return now.map { bus in
      var object = objects.bus(bus, firmware: firmware[bus])
      guard withDimms, !bus.dimms.isEmpty else { return object }
      object.add(
        "dimms",
        .array(bus.dimms.map { .object(objects.dimm($0, firmware: firmware[$0], health: nil)) }))
      return object
    }
  }

  /// Waits while the platform scrubs.
  private static func wait(_ session: ToolSession) throws -> ReturnCode {
    try run(session, failure: "error waiting for scrub completion") { _, bus in
      guard bus.scrubState != nil else { return withoutScrub(bus) }
      try waitForIdle(bus, session, seconds: session.options.number("poll") ?? 1)
      return .done
    }
  }

  private static func waitForIdle(_ bus: Bus, _ session: ToolSession, seconds: Int) throws {
    var state = bus.scrubState
    while state == "active", session.pause(Double(max(1, seconds))) {
      state = try session.devices(.listing).buses.first { $0.dev == bus.dev }?.scrubState
    }
  }

  /// Has a bus find errors, and waits until it has.
  static func scrub(_ bus: Bus, _ tree: DeviceTree, _ session: ToolSession) throws -> ReturnCode {
    let code = start(bus, tree, session)
    guard code == .done else { return code }
    guard let now = try session.devices(.listing).buses.first(where: { $0.dev == bus.dev }) else {
      return .noDeviceOrAddress
    }
    try waitForIdle(now, session, seconds: 1)
    return .done
  }

  /// One that runs is followed by another: it may have passed what is looked for.
  private static func start(_ session: ToolSession) throws -> ReturnCode {
    try run(session, failure: "error starting scrub") { tree, bus in
      bus.scrubState == nil ? withoutScrub(bus) : start(bus, tree, session)
    }
  }

  /// The library looks for the attribute on buses of the NFIT alone.
  private static func withoutScrub(_ bus: Bus) -> ReturnCode {
    bus.provider.lowercased().contains("nfit") ? .noEntry : .notSupported
  }

  private static func start(_ bus: Bus, _ tree: DeviceTree, _ session: ToolSession) -> ReturnCode {
    let code = session.perform(on: tree) { _ throws(DeviceError) in
      Plan(
        title: "start a scrub of \(bus.dev)",
        entries: [Plan.Entry(.startScrub(bus: bus.dev), "start a scrub of \(bus.dev)")])
    }
    // As many are queued as can be.
    return code == .busy ? .done : code
  }

  private static func activate(_ session: ToolSession) throws -> ReturnCode {
    try run(session, failure: "error activating firmware", withDimms: true) { tree, bus in
      let prefix = "\(bus.provider): \(bus.dev)"
      guard let activation = try FirmwareFacts(of: [bus], session)[bus] else {
        session.note("\(prefix): has no devices that support firmware update.")
        return .notSupported
      }
      guard let own = activation.method else {
        session.note("\(prefix): requires a platform reset to activate firmware")
        return .notSupported
      }
      guard !session.options.flag("dry-run") else { return .done }
      guard activation.state == .armed || activation.state == .overflow else {
        session.note("\(prefix): no devices armed")
        return .noDeviceOrAddress
      }
      let method = session.options.flag("force") ? .live : own
      return session.perform(on: tree) { machine throws(DeviceError) in
        try plan(bus, method, machine, session)
      }
    }
  }

  /// Too many that are armed, and those with nothing staged, are no reason against it here. A root that would not come back is:
  /// every process needs it.
  private static func plan(
    _ bus: Bus, _ method: FirmwareActivation.Method, _ machine: UnattendedMachine, _ session: ToolSession
  ) throws(DeviceError) -> Plan {
    let title = "activate the firmware of the armed DIMMs of \(bus.dev)"
    if method == .suspend, !machine.backend.isSimulated, !session.ignoresUsers,
      let root = RootFilesystem.volatileType
    {
      throw DeviceError(
        .refused,
        "refused to \(title): all devices are frozen meanwhile, and the root filesystem (\(root)) may not come back",
        errno: 16)
    }
    return Plan(
      title: title, entries: [Plan.Entry(.activateFirmware(bus: bus.dev, method), title)],
      isDestructive: true, harmsUsers: true)
  }
}
