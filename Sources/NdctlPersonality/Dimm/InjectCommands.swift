import PmemDevice

/// Injection of errors, which pmemctl does on simulated machines only: every device is answered as one whose platform has no
/// injection.
enum InjectCommands {
  static let all = [
    ToolCommand(
      "inject-smart", "<dimm> [<options>]",
      DimmCommands.base + [OptionSpec("u", "human", .flag, nil, "human-readable numbers")]
        + values("media-temperature", "m", "M") + values("ctrl-temperature", "c", "C")
        + values("spares", "s", "S") + [
          OptionSpec("f", "fatal", .flag, nil, "fatal health"),
          OptionSpec("F", "fatal-uninject", .flag, nil, "no fatal health"),
          OptionSpec("U", "unsafe-shutdown", .flag, nil, "an unsafe shutdown"),
          OptionSpec(nil, "unsafe-shutdown-uninject", .flag, nil, "no unsafe shutdown"),
          OptionSpec("N", "uninject-all", .flag, nil, "remove injected values"),
        ], run: smart),
    ToolCommand(
      "inject-error", "<namespace> [<options>]",
      NamespaceCommands.base + [
        OptionSpec("B", "block", .text, "namespace block offset", "first block of 512 bytes"),
        OptionSpec("n", "count", .text, "count", "how many"),
        OptionSpec("d", "uninject", .flag, nil, "remove them"),
        OptionSpec("t", "status", .flag, nil, "list them"),
        OptionSpec("N", "no-notify", .flag, nil, "without notification"),
        OptionSpec("S", "saturate", .flag, nil, "saturate each block"),
        OptionSpec("u", "human", .flag, nil, "human-readable numbers"),
      ], run: error),
  ]

  private static func values(_ name: String, _ short: Character, _ threshold: Character) -> [OptionSpec] {
    [
      OptionSpec(short, name, .text, "value", "\(name) to report"),
      OptionSpec(threshold, "\(name)-threshold", .text, "value", "its threshold"),
      OptionSpec(nil, "\(name)-alarm", .text, "on|off", "its alarm"),
      OptionSpec(nil, "\(name)-uninject", .flag, nil, "the value as measured"),
    ]
  }

  private static func smart(_ session: ToolSession) throws -> ReturnCode {
    let names = session.options.names
    if names.isEmpty { session.complain("specify a dimm for the smart error injection") }
    for name in names.dropFirst() { session.complain("unknown extra parameter \"\(name)\"") }
    guard names.count == 1 else { throw session.misused() }
    guard session.options.isAnySet(in: all[0].options.dropFirst(3)) else {
      session.complain("No valid operation specified")
      return .invalid
    }
    let dimms = try session.devices(.listing).buses
      .filter { Selectors.matches($0, session.options.text("bus")) }.flatMap(\.dimms)
    guard let dimm = dimms.first(where: { Selectors.matches($0, names[0]) }) else {
      session.complain("\(names[0]): no such dimm")
      return .noDeviceOrAddress
    }
    session.complain(
      "\(dimm.dev): smart injection not supported by either platform firmware or the kernel.")
    return ReturnCode(value: -5)
  }

  private static func error(_ session: ToolSession) throws -> ReturnCode {
    let options = session.options
    if options.names.isEmpty { session.complain("specify a namespace to inject error to") }
    for name in options.names.dropFirst() { session.complain("unknown extra parameter \"\(name)\"") }
    guard options.names.count == 1 else { throw session.misused() }
    let hasRange = options.text("block") != nil && options.text("count") != nil
    if options.flag("status"), options.text("block") != nil || options.flag("uninject") {
      session.complain("status is invalid with inject or uninject")
      return .invalid
    }
    guard options.flag("status") || hasRange else {
      session.complain("block and count required for inject/uninject")
      return .invalid
    }
    let tree = try session.devices(.listing)
    guard let namespace = NamespaceWalk.targets(options.names[0], tree, session).first else {
      session.complain("\(options.names[0]): no such namespace")
      return .noDeviceOrAddress
    }
    session.note("\(namespace.dev): error injection not supported")
    return .notSupported
  }
}

extension ParsedOptions {
  /// Whether the command line has one of these.
  func isAnySet(in options: some Sequence<OptionSpec>) -> Bool {
    options.contains { flag($0.long) || text($0.long) != nil }
  }
}
