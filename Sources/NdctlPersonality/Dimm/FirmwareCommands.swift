import PmemDevice

/// Firmware of DIMMs. pmemctl does not write it: every DIMM is answered as one that has no firmware commands.
enum FirmwareCommands {
  static let dimms = [
    ToolCommand(
      "update-firmware", DimmCommands.names,
      DimmCommands.base + [
        OptionSpec("f", "firmware", .text, "firmware-file", "image to write"),
        OptionSpec("i", "force", .flag, nil, "also during a scrub"),
        OptionSpec("A", "arm", .flag, nil, "activate it with the next activation"),
        OptionSpec("D", "disarm", .flag, nil, "do not"),
      ], run: update)
  ]

  private static func update(_ session: ToolSession) throws -> ReturnCode {
    let options = session.options
    if options.hasFlag("arm"), options.hasFlag("disarm") {
      session.note("set either --arm, or --disarm, not both")
      throw session.misused()
    }
    if options.text("firmware") == nil, !options.hasFlag("arm"), !options.hasFlag("disarm") {
      session.note("require --arm, or --disarm")
      throw session.misused()
    }
    let walk = try DimmWalk(session, forWriting: false)
    return walk.run(DimmWalk.counted("updated", end: ".")) { dimm in
      if options.text("firmware") != nil {
        session.complain("update firmware: \(dimm.dev): firmware update not supported by ndctl.")
      }
      return ReturnCode(value: -25)
    }
  }
}
