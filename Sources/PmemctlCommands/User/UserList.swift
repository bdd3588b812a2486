import ArgumentParser
import PmemDevice
import PmemOutput

struct UserList: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List users of namespaces.",
    discussion: ListColumns.help(UserColumns.all), aliases: ["ls"])

  @Argument(
    help: ArgumentHelp("Only on these: a namespace, a device, a region, or a DIMM.", valueName: "name"),
    completion: .names(.anything))
  var names: [String] = []

  @OptionGroup var list: ListOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let columns = try ListColumns(UserColumns.all, list, isJSON: output.json)
    let backend = try context.open(machine, forWriting: false)
    let inventory = try backend.inventory(.listing)
    let namespaces = try UseFilter(names, inventory, isSimulated: backend.isSimulated).namespaces(
      of: inventory)
    let report = try backend.usage(of: namespaces, in: inventory)
    context.note(report.missing)
    let uses = columns.sorted(report.uses.map { UserColumns.Row($0, inventory) })
    guard !output.json else {
      let elements = uses.map(\.json) + [report.missing.element].compactMap(\.self)
      return try context.out.write(JSON.array(elements.map(JSON.object)).text)
    }
    try context.out.write(columns.text(uses, in: context) + unguarded(uses))
  }

  /// Below the table, unless options ask for the table alone: the effect of a tool that asks no one.
  private func unguarded(_ uses: [UserColumns.Row]) -> String {
    guard list.areUsual else { return "" }
    let lines = uses.compactMap { row in
      row.unguarded.map { "  \(row.use.kind.rawValue): \(row.use.text); \($0)".sanitized + "\n" }
    }
    return lines.isEmpty ? "" : "\ncxl disable-region would not refuse:\n" + lines.joined()
  }
}
