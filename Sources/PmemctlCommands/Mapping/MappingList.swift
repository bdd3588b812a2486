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

  @Option(
    name: .long,
    help: ArgumentHelp(
      "How to ask the kernel: bpf, query (PROCMAP_QUERY) or maps; by default the cheapest that works.",
      valueName: "way"))
  var interface: String?

  @OptionGroup var watching: WatchOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let interface = try interface.map { text throws(DeviceError) in
      guard let known = MappingInterface(rawValue: text) else {
        throw DeviceError(
          .usage, "--interface: there is no way \"\(text)\"",
          details: ["there is: \(MappingInterface.allCases.map(\.rawValue).joined(separator: ", "))"])
      }
      return known
    }
    var isNoted = false
    try ListFollower(
      context: context, options: watching, isJSON: output.json,
      look: {
        let backend = try context.open(machine, forWriting: false)
        let inventory = try backend.inventory(.listing)
        let filter = try UseFilter(names, inventory, isSimulated: backend.isSimulated)
        let report = try backend.mappings(in: inventory, pid: pid, interface: interface)
        if !isNoted { context.noteHidden(report.hiddenProcesses) }
        isNoted = true
        return report.mappings.filter { filter.accepts(namespaces: $0.namespaces, path: $0.path) }
      }, key: Place.init, text: { Self.table($0).text }, line: Self.line, json: \.json
    ).run()
  }

  /// What makes a mapping the same one at another time.
  private struct Place: Hashable {
    let pid: Int
    let start: UInt64
    let end: UInt64
    let path: RawText
    let offset: UInt64

    init(_ mapping: Mapping) {
      pid = mapping.process.pid
      start = mapping.start
      end = mapping.end
      path = mapping.path
      offset = mapping.offset
    }
  }

  private static func line(_ mapping: Mapping) -> String {
    "\(mapping.process) \(String(mapping.start, radix: 16)) \(ByteCount(mapping.length)) \(mapping.permissions) "
      + "\(mapping.populatedBytes.map { "\(ByteCount($0))" } ?? "-") \(mapping.path)"
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
