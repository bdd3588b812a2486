import ArgumentParser
import PmemDevice

struct DimmEnable: ContextCommand {
  static let configuration = CommandConfiguration(commandName: "enable", abstract: "Enable DIMMs.")

  @Argument(
    help: ArgumentHelp("nmem0, 0, or an id; all for every one.", valueName: "dimm"),
    completion: .names(.dimms))
  var names: [String]

  @OptionGroup var change: ChangeOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    try Change(context, change, output, machine).dimms(names, verb: "enabled") {
      planner, dimms throws(DeviceError) in planner.enable(dimms)
    }
  }
}
