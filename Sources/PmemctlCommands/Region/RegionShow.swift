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
    guard let listed = try NameResolver(inventory).listedRegions([name], onBus: nil).first else { return }
    guard !output.json else {
      return try context.out.write(JSON.object(listed.json(showsIdle: idle)).text)
    }
    var list = PropertyList()
    if let region = listed.region { add(region, inventory, to: &list) }
    if let cxl = listed.cxl { CxlProperties(inventory).add(cxl, isAlone: listed.region == nil, to: &list) }
    var text = list.text + "\n"
    if let region = listed.region {
      text += RegionDrawing(region, NamespaceNotes(inventory, backend), terminal: context.terminal).text
    }
    if let window = inventory.cxl.windows.first(where: { $0.dev == listed.cxl?.window }) {
      text += (listed.region == nil ? "" : "\n") + window.headline.joined(separator: "  ") + "\n"
      text += WindowDrawing(window, terminal: context.terminal).text
    }
    try context.out.write(text)
  }

  private func add(_ region: Region, _ inventory: Inventory, to list: inout PropertyList) {
    list.add("region", region.dev)
    list.add("bus", inventory.bus(of: region).map { "\($0.dev) (\($0.provider))" })
    list.add("size", region.size.exact)
    list.add("address", region.resource.map { "0x\(String($0, radix: 16))" } ?? "only root may see it")
    list.add(
      "free", region.isLabeled ? "\(region.availableSize), largest piece \(region.maxAvailableExtent)" : nil)
    list.add("alignment", "\(ByteCount(region.align))")
    list.add("node", region.numaNode < 0 ? nil : "\(region.numaNode)")
    list.add("interleave set", region.isetID.map { "0x\(String($0, radix: 16))" })
    list.add("DIMMs", region.mappings.isEmpty ? nil : region.dimmsByPosition.joined(separator: ", "))
    list.add("persistence", region.persistenceDomain)
    list.add("state", region.state)
    list.add("sector sizes", values(region.capabilities.sectorSizes))
    list.add("alignments", values(region.capabilities.fsdaxAlignments))
  }

  private func values(_ values: [UInt64]) -> String? {
    values.isEmpty ? nil : values.map(String.init).joined(separator: ", ")
  }
}
