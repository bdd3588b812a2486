import ArgumentParser
import PmemDevice

struct DeviceOffline: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "offline",
    abstract: "Take the memory of system-ram devices offline, all of a device or none.")

  @OptionGroup var which: DeviceSelection
  @OptionGroup var change: ChangeOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    try Change(context, change, output, machine).devices(which.names, verb: "offlined") {
      planner, devices throws(DeviceError) in try planner.offline(devices)
    }
  }
}
