import ArgumentParser
import PmemDevice
import PmemOutput

struct UserList: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List users of namespaces.", aliases: ["ls"])

  @Argument(
    help: ArgumentHelp("Only of these: a namespace, a device, a region, or a DIMM.", valueName: "name"))
  var names: [String] = []

  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let backend = try context.open(machine, forWriting: false)
    let inventory = try backend.inventory(.listing)
    let namespaces = try UseFilter(names, inventory, isSimulated: backend.isSimulated).namespaces(
      of: inventory)
    let report = try backend.usage(of: namespaces, in: inventory)
    context.noteHidden(report.hiddenProcesses)
    for unknown in report.unknown { context.note(unknown) }
    guard !output.json else {
      return try context.out.write(JSON.array(report.uses.map { .object($0.json) }).text)
    }
    var table = Table([
      ("NAMESPACE", .left), ("USE", .left), ("PID", .right), ("COMMAND", .left), ("SIZE", .right),
      ("IF TAKEN AWAY", .left), ("WHAT", .left),
    ])
    for use in report.uses {
      table.add([
        use.namespace, use.kind.rawValue, use.process.map { "\($0.pid)" } ?? "-",
        use.process?.command.text ?? "-", use.bytes.map { "\(ByteCount($0))" } ?? "-", use.effect.rawValue,
        use.path.text,
      ])
    }
    try context.out.write(table.text)
  }
}
