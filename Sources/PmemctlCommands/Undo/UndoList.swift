import ArgumentParser
import PmemDevice
import PmemOutput

struct UndoList: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List changes that can be undone, the latest first.",
    discussion: ListColumns.help(UndoColumns.all), aliases: ["ls"])

  @OptionGroup var list: ListOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let columns = try ListColumns(UndoColumns.all, list, isJSON: output.json)
    let journal = context.journal(machine)
    let (records, damaged) = try journal.records()
    for text in damaged { context.note(text) }
    let rows = columns.sorted(records.map { UndoColumns.Row(record: $0, state: $0.stateText(journal)) })
    guard !output.json else {
      return try context.out.write(
        JSON.array(rows.map { .object($0.record.summary(performed: journal.progress(of: $0.record))) }).text)
    }
    try context.out.write(columns.text(rows, in: context))
  }
}

extension UndoRecord {
  /// The state, with how far it came if it was not completed.
  func stateText(_ journal: UndoJournal) -> String {
    guard state == .begun, !steps.isEmpty else { return state.rawValue }
    return "unfinished, \(journal.progress(of: self)) of \(steps.count) steps"
  }

  /// All but the saved bytes: `id`, `time`, `title`, `state`, `undoes`, `performed` and `steps` (numbers), `namespaces`,
  /// `saved` [{`dimm` or `namespace`, `size`}].
  func summary(performed: Int) -> JSONObject {
    var object = JSONObject()
    object.add("id", id)
    object.add("time", time)
    object.add("title", title)
    object.add("state", state.rawValue)
    object.add("undoes", undoes)
    object.add("performed", state == .begun ? performed : steps.count)
    object.add("steps", steps.count)
    object.add("namespaces", before.namespaces.map { .object($0.summary) })
    var saved: [JSON] = []
    for dimm in before.dimms {
      guard let labels = dimm.labels else { continue }
      var entry = JSONObject()
      entry.add("dimm", dimm.dev)
      entry.add("id", dimm.id)
      entry.add("size", labels.count)
      saved.append(.object(entry))
    }
    for namespace in before.namespaces {
      for piece in namespace.pieces {
        var entry = JSONObject()
        entry.add("namespace", namespace.dev)
        entry.add("offset", piece.offset)
        entry.add("size", piece.bytes.count)
        saved.append(.object(entry))
      }
    }
    object.add("saved", saved)
    return object
  }
}
