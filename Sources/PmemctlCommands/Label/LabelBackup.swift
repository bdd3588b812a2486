import ArgumentParser
import PmemDevice
import PmemMedia
import PmemOutput

struct LabelBackup: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "backup", abstract: "Save the label areas of DIMMs to a file, for label restore.")

  @Argument(
    help: ArgumentHelp("nmem0, 0, or an id; all for every one with a label area.", valueName: "dimm"),
    completion: .names(.dimms))
  var names: [String]

  @Option(
    name: .shortAndLong, help: ArgumentHelp("File to create; - is standard output.", valueName: "file"),
    completion: .file())
  var output: String

  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let backend = try context.open(machine, forWriting: false)
    let dimms = try LabelSelection(names).dimms(try backend.inventory(.listing))
    guard !dimms.isEmpty else { throw DeviceError(.unsupported, "no DIMM has a label area") }
    var areas: [LabelCopies.Area] = []
    for dimm in dimms {
      areas.append(
        LabelCopies.Area(dev: dimm.dev, id: dimm.id, bytes: try backend.readLabels(dimm: dimm.dev)))
    }
    try OutputFile.write(Array(LabelCopies(areas: areas).json.text.utf8), to: output, in: context)
  }
}
