import ArgumentParser
import PmemDevice
import PmemOutput

struct DaxProbeCommand: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "probe", abstract: "Map one page of a file or device for reading, and report the result.")

  @Argument(help: "Any file or device.", completion: .file())
  var path: String

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp("Offset to map; by default the first data of a file.", valueName: "offset"))
  var offset: String?

  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let offset = try offset.map { text throws(DeviceError) in
      try parseBytes(text, option: "--offset").rawValue
    }
    let backend = try context.open(machine, forWriting: false)
    let inventory = try backend.inventory(.listing)
    let probe = try backend.probe(path, at: offset ?? 0, in: inventory)
    let uses = probe.uses(in: inventory)
    guard !output.json else { return try context.out.write(probe.json(path, uses).text) }
    try context.out.write(probe.text(path) + uses.map { $0.text(on: context.terminal) }.joined())
  }
}

extension DaxProbe {
  func json(_ path: String, _ uses: [DaxUse]) -> JSON {
    var object = JSONObject()
    object.add("path", path)
    object.add("dax", isDAX)
    object.add("page_size", pageSize)
    object.add("sync", isSync)
    object.add("device", device)
    object.add("namespaces", namespaces.map(JSON.string))
    object.add("offset", offset)
    object.add("uses", uses.map(\.json))
    return .object(object)
  }

  func text(_ path: String) -> String {
    var words = [isDAX.map { $0 ? "DAX" : "page cache" } ?? "unknown whether DAX"]
    if let pageSize { words.append("pages of \(ByteCount(pageSize))") }
    if let isSync { words.append(isSync ? "MAP_SYNC granted" : "MAP_SYNC refused") }
    words.append(
      device.map { "on \($0) (\(namespaces.joined(separator: ", ")))" } ?? "not on persistent memory")
    return "\(path.sanitized): \(words.joined(separator: ", "))\n"
  }
}

extension DaxUse {
  var json: JSON {
    var object = JSONObject()
    object.add("use", purpose.rawValue)
    object.add("possible", isPossible)
    object.add("tried", isTried)
    object.add("reason", reason)
    object.add("instead", instead)
    return .object(object)
  }

  /// A line, and one for what to do instead.
  func text(on terminal: Terminal) -> String {
    let answer = isPossible.map { $0 ? "yes" : "no" } ?? "unknown"
    let name = purpose.rawValue + String(repeating: " ", count: max(0, 16 - purpose.rawValue.count))
    let line = "  \(name)\(answer)\(isTried ? ", tried" : ""): \(reason.sanitized)\n"
    return line + (instead.map { "    \(terminal.isUnicode ? "→" : "->") \($0.sanitized)\n" } ?? "")
  }
}
