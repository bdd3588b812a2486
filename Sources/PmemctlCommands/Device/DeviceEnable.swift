import ArgumentParser
import PmemDevice

struct DeviceEnable: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "enable", abstract: "Bind DAX devices to device_dax, for programs.")

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
