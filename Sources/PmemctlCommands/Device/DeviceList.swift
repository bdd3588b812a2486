import ArgumentParser
import PmemDevice
import PmemOutput

struct DeviceList: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List DAX devices.", aliases: ["ls"])

  @Argument(help: ArgumentHelp("Only these: dax0.0, /dev/dax0.0, or their namespaces.", valueName: "device"))
  var names: [String] = []

  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let inventory = try context.open(machine, forWriting: false).inventory(.listing)
    let shown = try names.isEmpty ? inventory.daxDevices : NameResolver(inventory).devices(names)
    guard !output.json else { return try context.out.write(JSON.array(shown.map(\.json)).text) }
    var table = Table([
      ("DEVICE", .left), ("SIZE", .right), ("ALIGN", .right), ("MODE", .left), ("NODE", .right),
      ("NAMESPACE", .left), ("NAME", .left), ("STATE", .left),
    ])
    for place in shown {
      let device = place.device
      table.add([
        device.chardev, "\(device.size)", device.align > 0 ? "\(ByteCount(device.align))" : "-",
        device.isEnabled ? device.mode.rawValue : "-", device.targetNode < 0 ? "-" : "\(device.targetNode)",
        place.namespace?.dev ?? "-", place.namespace?.name ?? "-", Self.state(device),
      ])
    }
    try context.out.write(table.text)
  }

  private static func state(_ device: DaxDevice) -> String {
    guard device.isEnabled else { return "disabled" }
    guard let memory = device.memory else { return "enabled" }
    guard memory.online > 0 else { return "offline, \(memory.total) blocks" }
    let zone = memory.movable == memory.online ? "movable" : "not movable"
    return "\(memory.online) of \(memory.total) blocks online, \(zone)"
  }
}

extension PlacedDaxDevice {
  var json: JSON { .object(device.json(namespace: namespace?.dev)) }
}
