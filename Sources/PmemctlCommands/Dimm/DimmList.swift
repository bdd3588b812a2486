import ArgumentParser
import PmemDevice
import PmemOutput

struct DimmList: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List DIMMs.",
    discussion: ListColumns.help(DimmColumns.all), aliases: ["ls"])

  @Argument(
    help: ArgumentHelp(
      "Only these: nmem0, 0, an id, or a CXL device (mem0, a PCI address).", valueName: "dimm"),
    completion: .names(.dimms))
  var names: [String] = []

  @Option(name: .shortAndLong, help: "Only those on this bus.", completion: .names(.buses))
  var bus: String?

  @OptionGroup var list: ListOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let columns = try ListColumns(DimmColumns.all, list, isJSON: output.json)
    let inventory = try context.open(machine, forWriting: false).inventory(.listing)
    let rows = columns.sorted(
      try NameResolver(inventory).listedDimms(names, onBus: bus).map { DimmColumns.Row($0, inventory) })
    guard !output.json else {
      return try context.out.write(JSON.array(rows.map { .object($0.listed.json) }).text)
    }
    try context.out.write(columns.text(rows, in: context))
  }
}
