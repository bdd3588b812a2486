import ArgumentParser
import PmemDevice
import PmemOutput

struct DeviceShow: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show one DAX device, and the source of its memory.")

  @Argument(
    help: ArgumentHelp("dax0.0, /dev/dax0.0, or its namespace.", valueName: "device"),
    completion: .names(.devices))
  var name: String

  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let inventory = try context.open(machine, forWriting: false).inventory(.listing)
    let found = try NameResolver(inventory).devices([name])
    guard found.count == 1, let placed = found.first else {
      throw DeviceError(.usage, "show takes one device, and \"\(name)\" matches \(found.count)")
    }
    let row = DeviceColumns.Row(placed, inventory)
    guard !output.json else { return try context.out.write(row.json.text) }
    let device = placed.device
    var list = PropertyList()
    list.add("device", device.chardev)
    list.add("size", device.size.exact)
    list.add("alignment", device.align > 0 ? "\(ByteCount(device.align))" : nil)
    list.add("mode", device.isEnabled ? device.mode.rawValue : nil)
    list.add("state", DeviceColumns.state(device))
    list.add("node", device.targetNode < 0 ? nil : "\(device.targetNode)")
    list.add("namespace", placed.namespace?.title)
    list.add("source", placed.source.map(Self.text))
    for range in device.mappings {
      list.add("addresses", "0x\(String(range.start, radix: 16)) to 0x\(String(range.end, radix: 16))")
    }
    let lines = row.cxl.map { region in
      CxlChain(inventory).lines(of: region, namespace: placed.namespace, device: device)
    }
    for line in lines ?? [] { list.add("CXL", line) }
    try context.out.write(list.text)
  }

  static func text(_ source: DaxRegion.Source) -> String {
    switch source {
    case .cxl: "a volatile CXL region"
    case .hmem: "memory that firmware sets aside (hmem, \"Soft Reserved\"); no CXL region is known for it"
    }
  }
}
