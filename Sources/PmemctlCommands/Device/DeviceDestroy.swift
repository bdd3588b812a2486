import ArgumentParser
import PmemDevice

struct DeviceDestroy: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "destroy", abstract: "Destroy DAX devices in regions that can be divided.")

  @OptionGroup var which: DeviceSelection
  @Flag(name: .shortAndLong, help: "Also if they are enabled, unless they are in use.")
  var force = false

  @OptionGroup var dangers: DangerOptions
  @OptionGroup var change: ChangeOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    try Change(context, change, output, machine, accepting: dangers.accepted).devices(
      which.names, verb: "destroyed"
    ) { planner, devices throws(DeviceError) in
      try planner.destroy(devices, force: force)
    }
  }
}
