import ArgumentParser
import PmemDevice

struct DeviceOnline: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "online", abstract: "Bring the memory of system-ram devices online.")

  @OptionGroup var which: DeviceSelection
  @Flag(
    name: .customLong("no-movable"),
    help:
      "Not in ZONE_MOVABLE: it may be impossible to take it offline again.")
  var noMovable = false

  @OptionGroup var change: ChangeOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    try Change(context, change, output, machine).devices(which.names, verb: "onlined") {
      planner, devices throws(DeviceError) in
      try planner.online(devices, isMovable: !noMovable)
    }
  }
}
