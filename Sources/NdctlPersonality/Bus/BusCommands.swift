import PmemDevice

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
    _ session: ToolSession, failure: String, visit: (Bus) throws -> ReturnCode
  ) throws -> ReturnCode {
    let tree = try session.devices(.listing)
    var done: [Bus] = []
    var first: ReturnCode?
    for bus in buses(session, tree) {
      let code = try visit(bus)
      if code == .done { done.append(bus) } else { first = first ?? code }
    }
    guard !done.isEmpty else {
      let code = first ?? .noDeviceOrAddress
      session.note("\(failure): \(code.text)")
      return code
    }
    let now = try session.devices(.listing).buses.filter { bus in done.contains { $0.dev == bus.dev } }
    let objects = DeviceObjects(style: NumberStyle(isHuman: true))
    try session.answer(.array(now.map { .object(objects.bus($0)) }))
    return .done
  }

  /// Waits while the platform scrubs.
  private static func wait(_ session: ToolSession) throws -> ReturnCode {
    try run(session, failure: "error waiting for scrub completion") { bus in
      guard bus.scrubState != nil else { return .notSupported }
      var state = bus.scrubState
      while state == "active", session.pause(Double(max(1, session.options.number("poll") ?? 1))) {
        state = try session.devices(.listing).buses.first { $0.dev == bus.dev }?.scrubState
      }
      return .done
    }
  }

  /// pmemctl starts no scrubs: a bus that could is answered as one without the command.
  private static func start(_ session: ToolSession) throws -> ReturnCode {
    try run(session, failure: "error starting scrub") { bus in
      bus.scrubState == "active" ? .done : bus.scrubState == nil ? .noEntry : .notSupported
    }
  }

  private static func activate(_ session: ToolSession) throws -> ReturnCode {
    try run(session, failure: "error activating firmware") { bus in
      session.note("\(bus.provider): \(bus.dev): has no devices that support firmware update.")
      return .notSupported
    }
  }
}
