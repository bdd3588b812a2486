import PmemDevice
import PmemctlCommands

/// `ndctl inject-smart`.
enum InjectSmartCommand {
  static let command = ToolCommand(
    "inject-smart", "<dimm> [<options>]",
    DimmCommands.base + [OptionSpec("u", "human", .flag, nil, "human-readable numbers")] + operations,
    run: run)

  private static let operations =
    values("media-temperature", "m", "M") + values("ctrl-temperature", "c", "C") + values("spares", "s", "S")
    + [
      OptionSpec("f", "fatal", .flag, nil, "fatal health"),
      OptionSpec("F", "fatal-uninject", .flag, nil, "no fatal health"),
      OptionSpec("U", "unsafe-shutdown", .flag, nil, "an unsafe shutdown"),
      OptionSpec(nil, "unsafe-shutdown-uninject", .flag, nil, "no unsafe shutdown"),
      OptionSpec("N", "uninject-all", .flag, nil, "remove injected values"),
    ]

  private static func values(_ name: String, _ short: Character, _ threshold: Character) -> [OptionSpec] {
    [
      OptionSpec(short, name, .text, "value", "\(name) to report"),
      OptionSpec(threshold, "\(name)-threshold", .text, "value", "its threshold"),
      OptionSpec(nil, "\(name)-alarm", .text, "on|off", "its alarm"),
      OptionSpec(nil, "\(name)-uninject", .flag, nil, "the value as measured"),
    ]
  }

  /// The long names of what is injected, and the words of messages.
  private static let kinds: [(kind: HealthInjection.Kind, option: String, word: String)] = [
    (.mediaTemperature, "media-temperature", "media_temperature"),
    (.controllerTemperature, "ctrl-temperature", "ctrl_temperature"), (.spares, "spares", "spares"),
    (.fatal, "fatal", "fatal"), (.dirtyShutdown, "unsafe-shutdown", "unsafe_shutdown"),
  ]

  private static func run(_ session: ToolSession) throws -> ReturnCode {
    guard let alarms = alarms(session.options, session), let injections = injections(session) else {
      return .invalid
    }
    guard !injections.isEmpty || !alarms.kinds.isEmpty else {
      session.complain("No valid operation specified")
      return .invalid
    }
    let names = session.options.names
    if names.isEmpty { session.complain("specify a dimm for the smart error injection") }
    for name in names.dropFirst() { session.complain("unknown extra parameter \"\(name)\"") }
    guard names.count == 1 else { throw session.misused() }
    let tree = try session.devices(.listing)
    let dimms = tree.buses.filter { Selectors.matches($0, session.options.text("bus")) }.flatMap(\.dimms)
    guard let dimm = dimms.first(where: { Selectors.matches($0, names[0]) }) else {
      session.complain("\(names[0]): no such dimm")
      return .noDeviceOrAddress
    }
    let able = try session.machine(forWriting: true).backend.injectableHealth(of: [dimm])[0]
    guard !able.isEmpty else {
      session.complain(
        "\(dimm.dev): smart injection not supported by either platform firmware or the kernel.")
      return ReturnCode(value: -5)
    }
    let code = set(alarms, of: dimm, tree, session)
    guard code == .done else { return code }
    let result = inject(injections, into: dimm, able, tree, session)
    guard result == .done else { return result }
    try show(dimm, session)
    return .done
  }

  // MARK: Alarms

  /// - Returns: nil after a complaint. A value that no DIMM can have is one, other than in ndctl, which cuts it.
  private static func alarms(_ options: ParsedOptions, _ session: ToolSession) -> AlarmSettings? {
    let kinds: [(DimmHealth.AlarmKind, HealthInjection.Kind, option: String, word: String)] = [
      (.mediaTemperature, .mediaTemperature, "media-temperature", "media_temperature"),
      (.controllerTemperature, .controllerTemperature, "ctrl-temperature", "ctrl_temperature"),
      (.spares, .spares, "spares", "spares"),
    ]
    var settings = AlarmSettings()
    for (kind, unit, option, word) in kinds {
      if let text = options.text("\(option)-threshold") {
        guard let value = value(text, of: unit) else {
          session.complain("Invalid argument: \(text)")
          return nil
        }
        settings[kind].threshold = value
      }
      guard let text = options.text("\(option)-alarm") else { continue }
      guard text.hasPrefix("on") || text.hasPrefix("off") else {
        session.complain("Invalid \(word)_alarm: \(text)")
        return nil
      }
      settings[kind].isWatched = text.hasPrefix("on")
    }
    return settings
  }

  private static func set(
    _ alarms: AlarmSettings, of dimm: DIMM, _ tree: DeviceTree, _ session: ToolSession
  ) -> ReturnCode {
    guard !alarms.kinds.isEmpty else { return .done }
    do throws(DeviceError) {
      let present = try session.machine(forWriting: true).backend.alarms(of: [dimm])[0]
      guard alarms.kinds.allSatisfy(present.kinds.contains) else {
        session.complain("\(dimm.dev): no smart set threshold command support")
        return .notSupported
      }
      return session.perform(on: tree) { _ throws(DeviceError) in
        try AlarmPlanner([dimm.dev: present]).set(alarms, of: [dimm])
      }
    } catch {
      return session.report(error)
    }
  }

  // MARK: Injections

  /// - Returns: nil after a complaint. A value that no DIMM can report is one, other than in ndctl, which cuts it.
  private static func injections(_ session: ToolSession) -> [HealthInjection]? {
    let options = session.options
    var found: [HealthInjection] = []
    for (kind, option, word) in kinds {
      let isWithdrawn = options.flag("\(option)-uninject") || options.flag("uninject-all")
      let text = options.text(option) ?? (options.flag(option) ? "1" : nil)
      if isWithdrawn, text != nil {
        session.complain("Cannot use \(word) inject and uninject together")
        return nil
      }
      if isWithdrawn { found.append(HealthInjection(kind, nil)) }
      guard let text, !isWithdrawn else { continue }
      guard let value = value(text, of: kind) else {
        session.complain("Invalid \(word): \(text)")
        return nil
      }
      found.append(HealthInjection(kind, value))
    }
    return found
  }

  private static func value(_ text: String, of kind: HealthInjection.Kind) -> Int? {
    switch kind {
    case .mediaTemperature, .controllerTemperature:
      Double(text).flatMap { abs($0) < 255 ? Int(($0 * 16).rounded(.towardZero)) : nil }
    case .spares: Int(text).flatMap { (0...100).contains($0) ? $0 : nil }
    case .fatal, .dirtyShutdown: 1
    }
  }

  /// What the DIMM does not take is complained about; with `--uninject-all` that is no failure.
  private static func inject(
    _ injections: [HealthInjection], into dimm: DIMM, _ able: Set<HealthInjection.Kind>, _ tree: DeviceTree,
    _ session: ToolSession
  ) -> ReturnCode {
    for injection in injections where !able.contains(injection.kind) {
      let word = kinds.first { $0.kind == injection.kind }?.word ?? ""
      session.complain("\(dimm.dev): smart inject \(word) cmd invalid: No such device or address (-6)")
      if !session.options.flag("uninject-all") { return .noDeviceOrAddress }
    }
    let rest = injections.filter { able.contains($0.kind) }
    return session.perform(on: tree) { _ throws(DeviceError) in
      try HealthInjectionPlanner([dimm.dev: able]).inject(rest, into: [dimm])
    }
  }

  private static func show(_ dimm: DIMM, _ session: ToolSession) throws {
    let tree = try session.devices(.listing)
    guard let now = tree.buses.flatMap(\.dimms).first(where: { $0.dev == dimm.dev }) else { return }
    let health = try session.machine(forWriting: false).backend.health(of: [now])[0]
    let objects = DeviceObjects(style: NumberStyle(isHuman: session.options.flag("human")))
    try session.answer(.array([.object(objects.dimm(now, health: health))]))
  }
}
