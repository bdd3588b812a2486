import ArgumentParser
import PmemDevice
import PmemModel
import PmemOutput

struct MappingList: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List mappings of persistent memory.",
    discussion: ListColumns.help(MappingColumns.all), aliases: ["ls"])

  @Argument(
    help: ArgumentHelp(
      "Only mappings of these: a namespace, a region, a device, or a file's path.", valueName: "name"),
    completion: .names(.anything))
  var names: [String] = []

  @Option(name: .shortAndLong, help: "Only mappings of this process.")
  var pid: Int?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "How to ask the kernel: bpf, query (PROCMAP_QUERY) or maps; by default the cheapest that works.",
      valueName: "way"))
  var interface: String?

  @OptionGroup var watching: WatchOptions
  @OptionGroup var list: ListOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let interface = try interface.map { text throws(DeviceError) in
      try parseChoice(text, option: "--interface") as MappingInterface
    }
    let columns = try ListColumns(MappingColumns.all, list, isJSON: output.json)
    try ListFollower(
      context: context, options: watching, isJSON: output.json,
      look: {
        let backend = try context.open(machine, forWriting: false)
        let inventory = try backend.inventory(.listing)
        let filter = try filter(inventory, isSimulated: backend.isSimulated)
        let report = try backend.mappings(in: inventory, pid: pid, interface: interface)
        let accepted = report.mappings.filter { filter.accepts(namespaces: $0.namespaces, path: $0.path) }
        return (columns.sorted(accepted), report.missing)
      }, key: Identity.init, text: { columns.text($0, in: context) }, line: Self.line, json: \.json
    ).run()
  }

  private func filter(_ inventory: Inventory, isSimulated: Bool) throws(DeviceError) -> UseFilter {
    do { return try UseFilter(names, inventory, isSimulated: isSimulated) } catch {
      var error = error
      if error.code == .notFound, pid == nil, let process = names.first(where: { Int32($0) != nil }) {
        error.suggestions.append(Suggestion([["pmemctl", "mapping", "list", "--pid", process]]))
      }
      throw error
    }
  }

  /// The identity of a mapping over time.
  private struct Identity: Hashable {
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
}
