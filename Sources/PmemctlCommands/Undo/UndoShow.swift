import ArgumentParser
import PmemDevice
import PmemOutput

struct UndoShow: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show what was kept of a change.")

  @Argument(help: ArgumentHelp("Its number, as undo list shows it.", valueName: "id"))
  var id: Int

  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let record = try context.journal(machine).record(id)
    guard !output.json else { return try context.out.write(JSON.object(record.summary).text) }
    var list = PropertyList()
    list.add("change", "\(record.id)")
    list.add("what", record.title)
    list.add("when", CalendarTime(seconds: record.time).text + " UTC")
    list.add("state", record.state.rawValue)
    for namespace in record.namespaces {
      let name = namespace.name.map { " \"\($0)\"" } ?? ""
      list.add(
        "namespace",
        "\(namespace.dev)\(name), \(namespace.mode.map { "\($0), " } ?? "")\(ByteCount(namespace.size)), "
          + (namespace.isEnabled ? "enabled" : "disabled") + (namespace.uuid.map { ", \($0)" } ?? ""))
    }
    for place in record.places {
      let size = ByteCount(UInt64(record.saved.bytes[place]?.count ?? 0))
      switch place {
      case .labels(let dimm):
        list.add("kept", "the label area of \(dimm)\(record.dimmIDs[dimm].map { " (\($0))" } ?? ""), \(size)")
      case .bytes(let namespace, let extent):
        list.add(
          "kept",
          extent.offset == 0
            ? "the first \(size) of \(namespace)" : "\(size) of \(namespace) at \(extent.offset)")
      }
    }
    try context.out.write(list.text)
  }
}
