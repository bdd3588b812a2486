import ArgumentParser
import PmemDevice

struct DimmSecurityUpdate: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "update", abstract: "Change the passphrase of DIMMs.",
    discussion: """
      The old passphrase is kept until the DIMM has accepted the new one.
      """)

  @Argument(help: ArgumentHelp("nmem0, 0, or an id; all for every one.", valueName: "dimm"))
  var names: [String]

  @OptionGroup var change: ChangeOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    try Change(context, change, output, machine).security(names) { planner, dimms, _ throws(DeviceError) in
      try planner.update(dimms)
    }
  }
}
