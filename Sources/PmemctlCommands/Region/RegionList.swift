import ArgumentParser
import PmemDevice
import PmemOutput

struct RegionList: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List regions.", aliases: ["ls"])

  @Argument(help: ArgumentHelp("Only these: region0 or 0.", valueName: "region"))
  var names: [String] = []

  @Option(name: .shortAndLong, help: "Only those on this bus.")
  var bus: String?

  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let inventory = try context.open(machine, forWriting: false).inventory(.listing)
    let regions = try NameResolver(inventory).regions(names, onBus: bus)
    guard !output.json else {
      return try context.out.write(JSON.array(regions.map { .object($0.json) }).text)
    }
    var table = Table([
      ("REGION", .left), ("SIZE", .right), ("FREE", .right), ("LARGEST", .right), ("ALIGN", .right),
      ("NODE", .right), ("DIMMS", .left), ("STATE", .left), ("NAMESPACES", .right),
    ])
    for region in regions {
      table.add([
        region.dev, "\(region.size)", region.isLabeled ? "\(region.availableSize)" : "-",
        region.isLabeled ? "\(region.maxAvailableExtent)" : "-", "\(ByteCount(region.align))",
        region.numaNode < 0 ? "-" : "\(region.numaNode)",
        region.mappings.isEmpty ? "-" : region.mappings.map(\.dimm).joined(separator: ","), region.state,
        "\(region.configuredNamespaces.count)",
      ])
    }
    try context.out.write(table.text)
  }
}

extension Region {
  /// `enabled`, `disabled`, `label-less`.
  var state: String { isEnabled ? (isLabeled ? "enabled" : "enabled, label-less") : "disabled" }
}
