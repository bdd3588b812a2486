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
    try Change(context, change, output, machine).devices(which.names, verb: "enabled") {
      planner, devices throws(DeviceError) in try planner.enable(devices)
    }
  }
}
