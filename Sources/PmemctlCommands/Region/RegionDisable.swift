import ArgumentParser
import PmemDevice

struct RegionDisable: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "disable", abstract: "Disable regions and the namespaces on them, unless they are in use.")

  @Argument(
    help: ArgumentHelp("region0 or 0; all for every one.", valueName: "region"), completion: .names(.regions))
  var names: [String]

  @OptionGroup var dangers: DangerOptions
  @OptionGroup var change: ChangeOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    try Change(context, change, output, machine, accepting: dangers.accepted).regions(names, verb: "disabled")
    { planner, regions throws(DeviceError) in try planner.disable(regions) }
  }
}
