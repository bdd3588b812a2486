import ArgumentParser
import PmemDevice
import PmemOutput

struct DimmShow: ContextCommand {
  static let configuration = CommandConfiguration(commandName: "show", abstract: "Show one DIMM.")

  @Argument(help: ArgumentHelp("nmem0, 0, or an id.", valueName: "dimm"), completion: .names(.dimms))
  var name: String

  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let backend = try context.open(machine, forWriting: false)
    // With the format of the labels, where it may be read.
    let inventory = try backend.inventory(.planning)
    guard let dimm = try NameResolver(inventory).dimms([name]).first else { return }
    guard !output.json else { return try context.out.write(JSON.object(dimm.json).text) }
    var list = PropertyList()
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
    try context.out.write(list.text)
  }

  private func labels(_ dimm: DIMM) -> String {
    guard dimm.isEnabled else { return "not read while it is disabled" }
    guard let labels = dimm.labels else { return "no label area: its regions cannot be divided" }
    let version = labels.version.map { ", version \($0.rawValue)" } ?? ""
    return "\(labels.availableSlots) free\(version)"
  }
}
