import PmemDevice
import PmemctlCommands

/// The commands that take DIMMs.
enum DimmCommands {
  static let all =
    [
      ToolCommand("enable-dimm", names, base, run: enable),
      ToolCommand("disable-dimm", names, base, run: disable),
    ] + LabelCommands.all + SecurityCommands.all + [
      UpdateFirmwareCommand.command, InjectSmartCommand.command,
    ]

  static let names = "<nmem0> [<nmem1>..<nmemN>] [<options>]"
  static let base = [
    OptionSpec("b", "bus", .text, "bus-id", "only on this bus"),
    OptionSpec("v", "verbose", .flag, nil, "print debug messages of the library"),
  ]

  private static func enable(_ session: ToolSession) throws -> ReturnCode {
    let walk = try DimmWalk(session, forWriting: true)
    return walk.run(DimmWalk.counted("enabled")) { dimm in
      session.perform(on: walk.tree) { machine throws(DeviceError) in
        DimmStatePlanner(walk.tree.inventory, inspector: session.inspector(machine)).enable([dimm])
      }
    }
  }

  private static func disable(_ session: ToolSession) throws -> ReturnCode {
    let walk = try DimmWalk(session, forWriting: true)
    return walk.run(DimmWalk.counted("disabled")) { dimm in
      guard !walk.isActive(dimm) else {
        session.note("\(dimm.dev) is active, skipping...")
        return .busy
      }
      return session.perform(on: walk.tree) { machine throws(DeviceError) in
        // Its region needs nothing of it.
        guard dimm.labels != nil || !dimm.isEnabled else {
          return Plan(
            title: "disable \(dimm.dev)",
            entries: [Plan.Entry(.disableDimm(dimm.dev), "disable \(dimm.dev)")])
        }
        return try DimmStatePlanner(walk.tree.inventory, inspector: session.inspector(machine)).disable([dimm]
        )
      }
    }
  }
}
