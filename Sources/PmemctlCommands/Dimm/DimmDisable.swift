import ArgumentParser
import PmemDevice

struct DimmDisable: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "disable", abstract: "Disable DIMMs and the regions on them, unless they are in use.")

  @Argument(
    help: ArgumentHelp("nmem0, 0, or an id; all for every one.", valueName: "dimm"),
    completion: .names(.dimms))
  var names: [String]

  @OptionGroup var dangers: DangerOptions
  @OptionGroup var change: ChangeOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    try Change(context, change, output, machine, accepting: dangers.accepted).dimms(names, verb: "disabled") {
      planner, dimms throws(DeviceError) in try planner.disable(dimms)
    }
  }
}
