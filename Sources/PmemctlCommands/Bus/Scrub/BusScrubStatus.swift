import ArgumentParser
import PmemDevice
import PmemOutput

struct BusScrubStatus: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Show whether buses are being scrubbed, and what was found.",
    discussion: ListColumns.help(ScrubColumns.all))

  @Argument(
    help: ArgumentHelp("Only these: ndbus0, 0, or a provider.", valueName: "bus"), completion: .names(.buses))
  var names: [String] = []

  @OptionGroup var list: ListOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let columns = try ListColumns(ScrubColumns.all, list, isJSON: output.json)
    let reports = columns.sorted(try ScrubReport.all(names, machine, in: context))
    try ScrubReport.write(reports, columns, list, output, in: context)
  }
}
