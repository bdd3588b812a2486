import ArgumentParser
import PmemDevice
import PmemInspect
import PmemOutput

struct UndoRun: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Restore labels and info blocks to their state before a change.",
    discussion: """
      Only what the change touched is restored; later changes of other namespaces stay, and they stay enabled unless \
      labels must be written. Data are never copied: what was written to the namespaces since, or by the change itself \
      (a memory map or a BTT on the device), stays. A change that was interrupted is rolled back. Without an id the \
      latest change that was not undone is undone. An undo can itself be undone.
      """)

  @Argument(
    help: ArgumentHelp("Number of the change, as undo list shows it.", valueName: "id"),
    completion: .undoRecords)
  var id: Int?

  @Flag(
    name: .shortAndLong,
    help: "Also destroy namespaces created since that are in the way, if no process uses them.")
  var force = false

  @OptionGroup var dangers: DangerOptions
  @OptionGroup var change: ChangeOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let backend = try context.open(machine, forWriting: !change.dryRun)
    let journal = context.journal(machine)
    let all = try journal.records().records
    let record = try record(journal, all)
    let inventory = try backend.inventory(.planning)
    let undo = try UndoPlanner(
      record: record, others: all, inventory: inventory, backend: backend, contents: ContentProbe(backend),
      accepted: dangers.accepted
    ).undo(force: force)
    let runner = UndoRunner(
      runner: ChangeRunner(
        context: context, backend: backend, options: change, machine: machine, isJSON: output.json),
      journal: journal)
    guard try runner.run(undo, of: record, from: inventory) else { return }
    do { try report(record, backend, context) } catch { throw AfterChange(error) }
  }

  private func report(
    _ record: UndoRecord, _ backend: any CommandContext.Backend, _ context: CommandContext
  ) throws {
    let uuids = Set(record.before.namespaces.compactMap(\.uuid))
    let names = Set(record.before.namespaces.filter { $0.uuid == nil }.map(\.dev))
    let now = try backend.inventory(.listing).namespaces.filter { namespace in
      names.contains(namespace.dev) || namespace.labelUUID.map(uuids.contains) ?? false
    }
    guard !output.json else { return try context.out.write(JSON.array(now.map { .object($0.json) }).text) }
    var text = "undone: \(record.title.sanitized)\n"
    for namespace in now.map({ ProbedNamespace($0, on: backend).namespace }) {
      let node = namespace.node.map { ", /dev/\($0)" } ?? ""
      text += "  \(namespace.title.sanitized): \(namespace.mode), \(namespace.size) usable\(node)\n"
    }
    try context.out.write(text)
  }

  private func record(_ journal: UndoJournal, _ all: [UndoRecord]) throws(DeviceError) -> UndoRecord {
    if let id {
      let record = try journal.record(id)
      guard record.state != .undone else {
        let undo = all.first { $0.undoes == id && $0.state == .done }
        throw DeviceError(
          .failed, "change \(id) (\(record.title)) is undone already",
          details: ["nothing was changed"]
            + (undo.map { ["change \($0.id) undid it, and can be undone"] } ?? []),
          try: [undo.map { "pmemctl undo run \($0.id)" } ?? "pmemctl undo list"])
      }
      return record
    }
    guard let latest = all.first(where: { $0.state != .undone }) else {
      throw DeviceError(.notFound, "there is no change to undo")
    }
    return latest
  }
}
