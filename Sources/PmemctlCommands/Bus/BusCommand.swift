import ArgumentParser
import PmemDevice
import PmemOutput

struct BusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bus", abstract: "Inspect NVDIMM buses, and have them scrub their media.",
    subcommands: [BusList.self, BusScrubCommand.self])
}

struct BusList: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List buses.",
    discussion: ListColumns.help(BusColumns.all), aliases: ["ls"])

  @Argument(
    help: ArgumentHelp("Only these: ndbus0, 0, or a provider.", valueName: "bus"), completion: .names(.buses))
  var names: [String] = []

  @OptionGroup var list: ListOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let columns = try ListColumns(BusColumns.all, list, isJSON: output.json)
    let inventory = try context.open(machine, forWriting: false).inventory(.listing)
    let buses = columns.sorted(try NameResolver(inventory).buses(names))
    guard !output.json else { return try context.out.write(JSON.array(buses.map { .object($0.json) }).text) }
    try context.out.write(columns.text(buses, in: context))
  }
}
