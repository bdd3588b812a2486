import ArgumentParser
import PmemDevice

struct DimmSecurityUnlock: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "unlock",
    abstract: "Unlock DIMMs with the available keys, and enable the regions on them.",
    discussion: """
      If a change of the passphrase was interrupted, the passphrase that the DIMM accepts becomes the current one.
      """)

  @Argument(help: ArgumentHelp("nmem0, 0, or an id; all for every one.", valueName: "dimm"))
  var names: [String]

  @OptionGroup var change: ChangeOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    try Change(context, change, output, machine).security(names) { planner, dimms, _ throws(DeviceError) in
      try planner.unlock(dimms)
    }
  }
}
