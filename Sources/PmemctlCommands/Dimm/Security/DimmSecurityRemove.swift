import ArgumentParser
import PmemDevice

struct DimmSecurityRemove: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove", abstract: "Remove the passphrase of DIMMs. Their data stay.",
    discussion: """
      The key material is removed once the DIMM has no passphrase any more.
      """)

  @Argument(help: ArgumentHelp("nmem0, 0, or an id; all for every one.", valueName: "dimm"))
  var names: [String]

  @OptionGroup var change: ChangeOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    try Change(context, change, output, machine).security(names) { planner, dimms, _ throws(DeviceError) in
      try planner.remove(dimms)
    }
  }
}
