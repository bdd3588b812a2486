import ArgumentParser
import PmemDevice

struct DimmSecurityRemove: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove", abstract: "Remove the passphrase of DIMMs; their data stay.",
    discussion: """
      The key material is removed after the DIMM reports that it has no passphrase.
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
