import ArgumentParser
import PmemDevice
import PmemOutput

struct UndoShow: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show the saved state of a change.")

  @Argument(
    help: ArgumentHelp("Number of the change, as undo list shows it.", valueName: "id"),
    completion: .undoRecords)
  var id: Int

  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let journal = context.journal(machine)
    let record = try journal.record(id)
    let performed = journal.progress(of: record)
    guard !output.json else {
      return try context.out.write(JSON.object(record.summary(performed: performed)).text)
    }
    var list = PropertyList()
    list.add("change", "\(record.id)")
    list.add("what", record.title)
    list.add("when", CalendarTime(seconds: record.time).text + " UTC")
    list.add("state", record.stateText(journal))
    for (index, step) in record.steps.enumerated() {
      list.add(
        "step \(index + 1)",
        step + (record.state == .begun && index >= performed ? " (not noted as performed)" : ""))
    }
    for namespace in record.before.namespaces {
      list.add(
        "namespace",
        "\(namespace.title), \(namespace.mode.map { "\($0), " } ?? "")\(ByteCount(namespace.size)), "
          + (namespace.isEnabled ? "enabled" : "disabled") + (namespace.uuid.map { ", \($0)" } ?? ""))
    }
    for region in record.before.regions {
      guard let recipe = region.cxlRecipe, let devices = region.cxlDevices else { continue }
      list.add("CXL region", "\(region.dev) consisted of \(devices), in this order: \(recipe)")
    }
    for dimm in record.before.dimms {
      guard let labels = dimm.labels else { continue }
      list.add(
        "kept",
        "the label area of \(dimm.dev)\(dimm.id.map { " (\($0))" } ?? ""), \(ByteCount(UInt64(labels.count)))"
      )
    }
    for namespace in record.before.namespaces {
      for piece in namespace.pieces {
        let size = ByteCount(UInt64(piece.bytes.count))
        list.add(
          "kept",
          piece.offset == 0
            ? "the first \(size) of \(namespace.dev)" : "\(size) of \(namespace.dev) at \(piece.offset)")
      }
    }
    try context.out.write(list.text)
  }
}
