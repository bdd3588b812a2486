import ArgumentParser
import PmemDevice
import PmemOutput

struct DeviceList: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List DAX devices.",
    discussion: ListColumns.help(DeviceColumns.all), aliases: ["ls"])

  @Argument(
    help: ArgumentHelp("Only these: dax0.0, /dev/dax0.0, or their namespaces.", valueName: "device"),
    completion: .names(.devices))
  var names: [String] = []

  @OptionGroup var list: ListOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let columns = try ListColumns(DeviceColumns.all, list, isJSON: output.json)
    let inventory = try context.open(machine, forWriting: false).inventory(.listing)
    let found = try names.isEmpty ? inventory.daxDevices : NameResolver(inventory).devices(names)
    let shown = columns.sorted(found.map { DeviceColumns.Row($0, inventory) })
    guard !output.json else { return try context.out.write(JSON.array(shown.map(\.json)).text) }
    try context.out.write(columns.text(shown, in: context))
  }
}

extension DaxDeviceLocation {
  var json: JSON { .object(device.json(namespace: namespace?.dev)) }
}
