import ArgumentParser
import PmemDevice
import PmemOutput

struct UndoList: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the changes that can be undone, the latest first.", aliases: ["ls"])

  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let (records, damaged) = try context.journal(machine).records()
    for text in damaged { context.note(text) }
    guard !output.json else {
      return try context.out.write(JSON.array(records.map { .object($0.summary) }).text)
    }
    var table = Table([("ID", .right), ("TIME (UTC)", .left), ("STATE", .left), ("CHANGE", .left)])
    for record in records {
      table.add([
        "\(record.id)", CalendarTime(seconds: record.time).text, record.state.rawValue, record.title,
      ])
    }
    try context.out.write(table.text)
  }
}

extension UndoRecord {
  /// All but the saved bytes: `id`, `time`, `title`, `state`, `namespaces`, `saved` [{`dimm` or `namespace`, `size`}].
  var summary: JSONObject {
    var object = JSONObject()
    object.add("id", id)
    object.add("time", time)
    object.add("title", title)
    object.add("state", state.rawValue)
    object.add("namespaces", namespaces.map { .object($0.json) })
    object.add(
      "saved",
      places.map { place in
        var entry = JSONObject()
        switch place {
        case .labels(let dimm):
          entry.add("dimm", dimm)
          entry.add("id", dimmIDs[dimm])
        case .bytes(let namespace, let extent):
          entry.add("namespace", namespace)
          entry.add("offset", extent.offset)
        }
        entry.add("size", saved.bytes[place]?.count)
        return .object(entry)
      })
    return object
  }
}
