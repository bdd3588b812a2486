import ArgumentParser
import PmemDevice
import PmemOutput

struct RegionShow: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract:
      "Show one region: its namespaces and free extents, and what fits into them.")

  @Argument(help: ArgumentHelp("region0 or 0.", valueName: "region"), completion: .names(.regions))
  var name: String

  @Flag(name: .shortAndLong, help: "Also list seed namespaces.")
  var idle = false

  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let backend = try context.open(machine, forWriting: false)
    let inventory = try backend.inventory(.listing)
    guard let region = try NameResolver(inventory).regions([name]).first else { return }
    guard !output.json else {
      return try context.out.write(JSON.object(region.json(showsIdle: idle)).text)
    }
    var list = PropertyList()
    list.add("region", region.dev)
    list.add("bus", inventory.bus(of: region).map { "\($0.dev) (\($0.provider))" })
    list.add("size", region.size.exact)
    list.add("address", region.resource.map { "0x\(String($0, radix: 16))" } ?? "only root may see it")
    list.add(
      "free", region.isLabeled ? "\(region.availableSize), largest piece \(region.maxAvailableExtent)" : nil)
    list.add("alignment", "\(ByteCount(region.align))")
    list.add("node", region.numaNode < 0 ? nil : "\(region.numaNode)")
    list.add("interleave set", region.isetID.map { "0x\(String($0, radix: 16))" })
    list.add("DIMMs", region.mappings.isEmpty ? nil : region.mappings.map(\.dimm).joined(separator: ", "))
    list.add("persistence", region.persistenceDomain)
    list.add("state", region.state)
    list.add("sector sizes", values(region.capabilities.sectorSizes))
    list.add("alignments", values(region.capabilities.fsdaxAlignments))
    let drawing = RegionDrawing(region, NamespaceNotes(inventory, backend), terminal: context.terminal)
    try context.out.write(list.text + "\n" + drawing.text)
  }

  private func values(_ values: [UInt64]) -> String? {
    values.isEmpty ? nil : values.map(String.init).joined(separator: ", ")
  }
}
