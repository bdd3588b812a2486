import ArgumentParser
import PmemDevice

struct DeviceEnable: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "enable", abstract: "Give DAX devices to programs: bind device_dax.")

  @OptionGroup var which: DeviceSelection
  @OptionGroup var change: ChangeOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    try DeviceChange(
      context: context, names: which.names, change: change, output: output, machine: machine
    ).run(verb: "enabled") { planner, devices throws(DeviceError) in try planner.enable(devices) }
  }
}
