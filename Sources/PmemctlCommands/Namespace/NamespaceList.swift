import ArgumentParser
import PmemDevice
import PmemOutput

struct NamespaceList: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List namespaces.", aliases: ["ls"])

  @Argument(help: ArgumentHelp("Only these: kernel name, device, own name or UUID.", valueName: "namespace"))
  var names: [String] = []

  @Option(name: .shortAndLong, help: "Only those on this region.")
  var region: String?

  @Option(name: .shortAndLong, help: "Only those on this bus.")
  var bus: String?

  @Option(name: .shortAndLong, help: "Only those in this mode: fsdax, devdax, sector or raw.")
  var mode: String?

  @Flag(name: .shortAndLong, help: "Also devices that are only places for namespaces.")
  var idle = false

  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let wanted = try mode.map { try parseMode($0) }
    let inventory = try context.open(machine, forWriting: false).inventory(.listing)
    let resolver = NameResolver(inventory)
    let regions = try resolver.regions(region.map { [$0] } ?? [], onBus: bus)
    let named = names.isEmpty ? regions.flatMap(\.namespaces) : try resolver.namespaces(names, in: regions)
    let shown = named.filter {
      (idle || !names.isEmpty || !$0.isIdle) && (wanted == nil || $0.mode == wanted)
    }
    guard !output.json else { return try context.out.write(JSON.array(shown.map { .object($0.json) }).text) }
    try context.out.write(Self.table(shown))
  }

  private static func table(_ namespaces: [Namespace]) -> String {
    var table = Table([
      ("NAMESPACE", .left), ("NAME", .left), ("MODE", .left), ("MAP", .left), ("TAKEN", .right),
      ("USABLE", .right), ("ALIGN", .right), ("SECTOR", .right), ("DEVICE", .left), ("STATE", .left),
    ])
    for namespace in namespaces {
      table.add([
        namespace.dev, namespace.name ?? "-", namespace.mode.rawValue,
        namespace.map == .none ? "-" : namespace.map.rawValue, "\(namespace.rawSize)", "\(namespace.size)",
        namespace.align.map { "\(ByteCount($0))" } ?? "-", namespace.sectorSize.map { "\($0)" } ?? "-",
        namespace.node ?? "-", namespace.isEnabled ? "enabled" : namespace.isIdle ? "idle" : "disabled",
      ])
    }
    return table.text
  }
}

/// Reads a mode, with ndctl's synonyms.
func parseMode(_ text: String) throws(DeviceError) -> NamespaceMode {
  guard let mode = NamespaceMode(parsing: text) else {
    throw DeviceError(.usage, "\"\(text)\" is not a mode: use fsdax, devdax, sector or raw")
  }
  return mode
}
