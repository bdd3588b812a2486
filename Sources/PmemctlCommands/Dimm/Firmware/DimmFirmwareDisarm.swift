import ArgumentParser
import PmemDevice

struct DimmFirmwareDisarm: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "disarm",
    abstract: "Leave DIMMs out of the next activation of firmware; what is staged stays.")

  @Argument(help: ArgumentHelp("nmem0, 0, or an id; all for every one.", valueName: "dimm"))
  var names: [String]

  @OptionGroup var change: ChangeOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    try Change(context, change, output, machine).firmware(names) { planner, dimms throws(DeviceError) in
      try planner.disarm(dimms)
    }
  }
}
