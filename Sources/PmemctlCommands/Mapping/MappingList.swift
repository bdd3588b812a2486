import ArgumentParser
import PmemDevice
import PmemOutput

struct MappingList: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List mappings of persistent memory.", aliases: ["ls"])

  @Argument(
    help: ArgumentHelp(
      "Only of these: a namespace, a region, a device, or a file's path.", valueName: "name"))
  var names: [String] = []

  @Option(name: .shortAndLong, help: "Only this process's.")
  var pid: Int?

  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let backend = try context.open(machine, forWriting: false)
    let filter = try UseFilter(names, try backend.inventory(.listing))
    var report = try backend.mappings(pid: pid)
    report.mappings.removeAll { !filter.accepts(namespaces: $0.namespaces, path: $0.path) }
    context.noteHidden(report.hiddenProcesses)
    guard !output.json else {
      return try context.out.write(JSON.array(report.mappings.map { .object($0.json) }).text)
    }
    try context.out.write(Self.table(report.mappings).text)
  }

  private static func table(_ mappings: [Mapping]) -> Table {
    var table = Table([
      ("PID", .right), ("COMMAND", .left), ("START", .right), ("SIZE", .right), ("PROT", .left),
      ("FLAGS", .left), ("DEVICE", .left), ("OFFSET", .right), ("PAGE", .right), ("POPULATED", .right),
      ("PATH", .left),
    ])
    for mapping in mappings {
      table.add([
        "\(mapping.process.pid)", mapping.process.command.text, String(mapping.start, radix: 16),
        "\(ByteCount(mapping.length))", mapping.permissions, flags(mapping), mapping.device,
        mapping.deviceRanges?.first.map { "\(ByteCount($0.offset))" } ?? "-",
        mapping.populated?.last.map { "\(ByteCount($0.pageSize))" } ?? "-",
        mapping.populatedBytes.map { "\(ByteCount($0))" } ?? "-", mapping.path.text,
      ])
    }
    return table
  }

  private static func flags(_ mapping: Mapping) -> String {
    let dax = mapping.isDAX.map { $0 ? "dax" : "page-cache" }
    let flags = [dax, mapping.isSync == true ? "sync" : nil, mapping.isLocked == true ? "locked" : nil]
    let text = flags.compactMap { $0 }.joined(separator: ",")
    return text.isEmpty ? "-" : text
  }
}
