import ArgumentParser
import PmemDevice
import PmemOutput

struct DimmShow: ContextCommand {
  static let configuration = CommandConfiguration(commandName: "show", abstract: "Show one DIMM.")

  @Argument(
    help: ArgumentHelp("nmem0, 0, an id, or a CXL device (mem0, a PCI address).", valueName: "dimm"),
    completion: .names(.dimms))
  var name: String

  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let backend = try context.open(machine, forWriting: false)
    // With the format of the labels, if it may be read.
    let inventory = try backend.inventory(.planning)
    guard let listed = try NameResolver(inventory).listedDimms([name], onBus: nil).first else { return }
    guard !output.json else { return try context.out.write(JSON.object(listed.json).text) }
    var list = PropertyList()
    if let dimm = listed.dimm { add(dimm, inventory, to: &list) }
    if let memdev = listed.memdev {
      CxlProperties(inventory).add(memdev, isAlone: listed.dimm == nil, to: &list)
    }
    try context.out.write(list.text)
  }

  private func add(_ dimm: DIMM, _ inventory: Inventory, to list: inout PropertyList) {
    list.add("DIMM", dimm.dev)
    list.add("id", dimm.id)
    list.add("handle", dimm.handle.map { "0x\(String($0, radix: 16))" })
    list.add("physical id", dimm.physicalID.map { "\($0)" })
    list.add("state", dimm.isEnabled ? "enabled" : "disabled")
    list.add("security", dimm.security)
    list.add("flags", dimm.flags.isEmpty ? nil : dimm.flags.joined(separator: ", "))
    list.add("labels", labels(dimm))
    for region in inventory.regions {
      for mapping in region.mappings where mapping.dimm == dimm.dev {
        list.add(
          "in \(region.dev)",
          "\(ByteCount(mapping.length)) from offset \(ByteCount(mapping.offset)), position \(mapping.position)"
        )
      }
    }
  }

  private func labels(_ dimm: DIMM) -> String {
    guard dimm.isEnabled else { return "not read while it is disabled" }
    guard let labels = dimm.labels else { return "no label area: its regions cannot be divided" }
    let version = labels.version.map { ", version \($0.rawValue)" } ?? ""
    return "\(labels.availableSlots) free\(version)"
  }
}
