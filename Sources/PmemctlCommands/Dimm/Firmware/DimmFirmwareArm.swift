import ArgumentParser
import PmemDevice

struct DimmFirmwareArm: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "arm", abstract: "Have DIMMs take part in the next activation of firmware.")

  @Argument(help: ArgumentHelp("nmem0, 0, or an id; all for every one.", valueName: "dimm"))
  var names: [String]

  @OptionGroup var change: ChangeOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    try Change(context, change, output, machine).firmware(names) { planner, dimms throws(DeviceError) in
      try planner.arm(dimms)
    }
  }
}
