import ArgumentParser
import PmemDevice
import PmemOutput

struct DeviceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "device", abstract: "See DAX devices: what devdax namespaces give to programs.",
    subcommands: [DeviceList.self])
}

struct DeviceList: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List DAX devices.", aliases: ["ls"])

  @Argument(help: ArgumentHelp("Only these: dax0.0 or /dev/dax0.0.", valueName: "device"))
  var names: [String] = []

  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let inventory = try context.open(machine, forWriting: false).inventory(.listing)
    let all =
      inventory.namespaces.flatMap { namespace in
        (namespace.daxRegion?.devices ?? []).map { (device: $0, namespace: Optional(namespace)) }
      } + inventory.otherDaxRegions.flatMap(\.devices).map { (device: $0, namespace: nil) }
    let shown = try names.isEmpty ? all : names.map { try Self.find($0, in: all) }
    guard !output.json else {
      let values = shown.map { JSON.object($0.device.json(namespace: $0.namespace?.dev)) }
      return try context.out.write(JSON.array(values).text)
    }
    var table = Table([
      ("DEVICE", .left), ("SIZE", .right), ("ALIGN", .right), ("MODE", .left), ("NODE", .right),
      ("NAMESPACE", .left), ("NAME", .left), ("STATE", .left),
    ])
    for (device, namespace) in shown {
      table.add([
        device.chardev, "\(device.size)", device.align > 0 ? "\(ByteCount(device.align))" : "-",
        device.mode.rawValue, device.targetNode < 0 ? "-" : "\(device.targetNode)", namespace?.dev ?? "-",
        namespace?.name ?? "-", device.isEnabled ? "enabled" : "disabled",
      ])
    }
    try context.out.write(table.text)
  }

  private static func find(
    _ name: String, in all: [(device: DaxDevice, namespace: Namespace?)]
  ) throws(DeviceError) -> (device: DaxDevice, namespace: Namespace?) {
    let bare = name.hasPrefix("/dev/") ? String(name.dropFirst(5)) : name
    guard let found = all.first(where: { $0.device.chardev == bare }) else {
      let known = all.map(\.device.chardev).joined(separator: ", ")
      throw DeviceError(
        .notFound, "no DAX device answers to \"\(name)\"",
        details: [known.isEmpty ? "this machine has none" : "there is: \(known)"])
    }
    return found
  }
}
