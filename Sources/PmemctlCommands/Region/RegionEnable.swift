import ArgumentParser
import PmemDevice

struct RegionEnable: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "enable", abstract: "Enable regions and the namespaces on them.")

  @Argument(
    help: ArgumentHelp("region0 or 0; all for every one.", valueName: "region"), completion: .names(.regions))
  var names: [String]

  @OptionGroup var change: ChangeOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    try Change(context, change, output, machine).regions(names, verb: "enabled") {
      planner, regions throws(DeviceError) in planner.enable(regions)
    }
  }
}
