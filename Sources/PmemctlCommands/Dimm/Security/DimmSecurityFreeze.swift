import ArgumentParser
import PmemDevice

struct DimmSecurityFreeze: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "freeze",
    abstract: "Freeze the security of DIMMs until the next power cycle.",
    discussion: """
      Until then passphrases cannot be set, changed or removed, and the DIMM cannot be erased.
      """)

  @Argument(help: ArgumentHelp("nmem0, 0, or an id; all for every one.", valueName: "dimm"))
  var names: [String]

  @OptionGroup var change: ChangeOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    try Change(context, change, output, machine).security(names) { planner, dimms, _ throws(DeviceError) in
      try planner.freeze(dimms)
    }
  }
}
