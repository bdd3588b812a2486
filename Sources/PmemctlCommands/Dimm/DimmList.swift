import ArgumentParser
import PmemDevice
import PmemOutput

struct DimmList: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List DIMMs.", aliases: ["ls"])

  @Argument(help: ArgumentHelp("Only these: nmem0, 0, or an id.", valueName: "dimm"))
  var names: [String] = []

  @Option(name: .shortAndLong, help: "Only those on this bus.")
  var bus: String?

  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let inventory = try context.open(machine, forWriting: false).inventory(.listing)
    let dimms = try NameResolver(inventory).dimms(names, onBus: bus)
    guard !output.json else { return try context.out.write(JSON.array(dimms.map { .object($0.json) }).text) }
    var table = Table([
      ("DIMM", .left), ("ID", .left), ("STATE", .left), ("REGIONS", .left), ("FREE LABELS", .right),
      ("FLAGS", .left),
    ])
    for dimm in dimms {
      let regions = inventory.regions.filter { $0.mappings.contains { $0.dimm == dimm.dev } }.map(\.dev)
      table.add([
        dimm.dev, dimm.id ?? "-", dimm.isEnabled ? "enabled" : "disabled",
        regions.isEmpty ? "-" : regions.joined(separator: ","),
        dimm.labels.map { "\($0.availableSlots)" } ?? "-",
        dimm.flags.isEmpty ? "-" : dimm.flags.joined(separator: ","),
      ])
    }
    try context.out.write(table.text)
  }
}
