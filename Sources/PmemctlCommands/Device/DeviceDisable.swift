import ArgumentParser
import PmemDevice

struct DeviceDisable: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "disable", abstract: "Unbind DAX devices from their drivers, unless they are in use.")

  @OptionGroup var which: DeviceSelection
  @OptionGroup var dangers: DangerOptions
  @OptionGroup var change: ChangeOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    try Change(context, change, output, machine, accepting: dangers.accepted).devices(
      which.names, verb: "disabled"
    ) { planner, devices throws(DeviceError) in try planner.disable(devices) }
  }
}
