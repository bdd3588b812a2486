import ArgumentParser
import PmemDevice
import PmemInspect
import PmemOutput

struct UndoRun: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Put labels and info blocks back as they were before a change.",
    discussion: """
      Data are never copied: what was written to the namespaces since, or by the change itself (a memory map or a \
      BTT on the device), stays. Without an id the latest change that was not undone is taken back.
      """)

  @Argument(help: ArgumentHelp("Its number, as undo list shows it.", valueName: "id"))
  var id: Int?

  @Flag(name: .shortAndLong, help: "Also where namespaces made since would be gone, and nobody uses them.")
  var force = false

  @OptionGroup var dangers: DangerOptions
  @OptionGroup var change: ChangeOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let backend = try context.open(machine, forWriting: !change.dryRun)
    let journal = context.journal(machine)
    var record = try record(journal)
    let inventory = try backend.inventory(.planning)
    let plan = try UndoPlanner(
      record: record, inventory: inventory, backend: backend, contents: ContentProbe(backend),
      accepted: dangers.accepted
    ).plan(force: force)
    let runner = ChangeRunner(
      context: context, backend: backend, options: change, machine: machine, isJSON: output.json)
    guard try runner.run(plan, from: inventory) else { return }
    record.state = .undone
    try journal.update(record)
    let uuids = Set(record.namespaces.compactMap(\.uuid))
    let names = Set(record.namespaces.filter { $0.uuid == nil }.map(\.dev))
    let now = try backend.inventory(.listing).namespaces.filter { namespace in
      names.contains(namespace.dev) || (namespace.rawUUID ?? namespace.uuid).map(uuids.contains) ?? false
    }
    guard !output.json else { return try context.out.write(JSON.array(now.map { .object($0.json) }).text) }
    var text = "undone: \(record.title.sanitized)\n"
    for namespace in now.map({ TrueNamespace($0, on: backend).namespace }) {
      let node = namespace.node.map { ", /dev/\($0)" } ?? ""
      text += "  \(namespace.title.sanitized): \(namespace.mode), \(namespace.size) usable\(node)\n"
    }
    try context.out.write(text)
  }

  private func record(_ journal: UndoJournal) throws(DeviceError) -> UndoRecord {
    if let id { return try journal.record(id) }
    guard let latest = try journal.records().records.first(where: { $0.state != .undone }) else {
      throw DeviceError(.notFound, "there is no change to undo")
    }
    return latest
  }
}
