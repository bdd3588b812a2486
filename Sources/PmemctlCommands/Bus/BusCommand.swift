import ArgumentParser
import PmemDevice
import PmemOutput

struct BusCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bus", abstract: "See buses: what a platform table describes.", subcommands: [BusList.self])
}

struct BusList: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List buses.", aliases: ["ls"])

  @Argument(help: ArgumentHelp("Only these: ndbus0, 0, or a provider.", valueName: "bus"))
  var names: [String] = []

  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let inventory = try context.open(machine, forWriting: false).inventory(.listing)
    let buses = try NameResolver(inventory).buses(names)
    guard !output.json else { return try context.out.write(JSON.array(buses.map { .object($0.json) }).text) }
    var table = Table([
      ("BUS", .left), ("PROVIDER", .left), ("DIMMS", .right), ("REGIONS", .right), ("NAMESPACES", .right),
      ("SCRUB", .left),
    ])
    for bus in buses {
      let namespaces = bus.regions.flatMap(\.configuredNamespaces).count
      table.add([
        bus.dev, bus.provider, "\(bus.dimms.count)", "\(bus.regions.count)", "\(namespaces)",
        bus.scrubState ?? "-",
      ])
    }
    try context.out.write(table.text)
  }
}
