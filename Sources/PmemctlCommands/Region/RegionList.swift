import ArgumentParser
import PmemDevice
import PmemOutput

struct RegionList: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List regions.",
    discussion: ListColumns.help(RegionColumns.all), aliases: ["ls"])

  @Argument(
    help: ArgumentHelp("Only these: region0 or 0.", valueName: "region"), completion: .names(.regions))
  var names: [String] = []

  @Option(name: .shortAndLong, help: "Only those on this bus.", completion: .names(.buses))
  var bus: String?

  @OptionGroup var list: ListOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let columns = try ListColumns(RegionColumns.all, list, isJSON: output.json)
    let inventory = try context.open(machine, forWriting: false).inventory(.listing)
    let regions = columns.sorted(try NameResolver(inventory).listedRegions(names, onBus: bus))
    guard !output.json else {
      return try context.out.write(JSON.array(regions.map { .object($0.json(showsIdle: nil)) }).text)
    }
    try context.out.write(columns.text(regions, in: context))
  }
}

extension Region {
  /// `enabled`, `disabled`, `label-less`.
  var state: String { isEnabled ? (isLabeled ? "enabled" : "enabled, label-less") : "disabled" }
}
