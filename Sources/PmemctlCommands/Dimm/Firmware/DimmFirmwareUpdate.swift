import ArgumentParser
import PmemDevice

struct DimmFirmwareUpdate: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "update", abstract: "Stage an image of firmware on DIMMs.",
    discussion: """
      Each DIMM gets the image, and verifies it. It runs after the next power cycle, or after dimm firmware arm and \
      activate. DIMMs refuse images while their bus is being scrubbed, and while another one is staged.
      """)

  @Argument(help: ArgumentHelp("nmem0, 0, or an id; all for every one.", valueName: "dimm"))
  var names: [String]

  @Option(name: .shortAndLong, help: ArgumentHelp("The image; - for standard input.", valueName: "file"))
  var image: String

  @Flag(
    name: .customLong("abandon-open"),
    help: "First abandon an update that another program began and did not end.")
  var abandonOpen = false

  @OptionGroup var change: ChangeOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let bytes = try InputFile.read(image)
    try Change(context, change, output, machine).firmware(names) { planner, dimms throws(DeviceError) in
      try planner.stage(bytes, on: dimms, abandonsOpen: abandonOpen)
    }
  }
}
