import ArgumentParser
import PmemDevice

struct DeviceOnline: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "online", abstract: "Put memory of system-ram devices to use.")

  @OptionGroup var which: DeviceSelection
  @Flag(name: .customLong("no-movable"), help: "Not in ZONE_MOVABLE: it may never come back.")
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
