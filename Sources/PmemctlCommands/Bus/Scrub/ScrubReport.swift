import PmemDevice
import PmemOutput

/// The scrub of one bus, and what it found.
struct ScrubReport {
  let bus: Bus
  let scrub: BusScrub
  /// When the running one was started; nil if pmemctl did not.
  let since: UInt64?
  /// Bad blocks that were found since pmemctl started the last one; nil if it did not, or it has not ended.
  let found: Int?

  init(_ bus: Bus, _ scrub: BusScrub, _ note: ScrubNotes.Note?) {
    self.bus = bus
    self.scrub = scrub
    // A count that is not larger is of another boot, or of a scrub that has not ended.
    let isOver = note.map { scrub.completed > $0.completed } ?? false
    since = scrub.state == .active && !isOver ? note?.since : nil
    found = scrub.state == .idle && isOver ? note?.news(in: bus) : nil
  }

  /// In blocks of 512 bytes, of all regions of the bus.
  var badBlocks: Int { bus.regions.reduce(0) { $0 + $1.badblockCount } }

  /// The namespaces of the bus with bad blocks.
  private var damaged: [Namespace] {
    bus.regions.flatMap(\.configuredNamespaces).filter { $0.badblockCount > 0 }
  }

  /// Keys: `dev`, `provider`, `scrub_state`, `scrub_count`, `scrub_since`, `badblock_count`, `new_badblock_count`,
  /// `namespaces` [{`dev`, `name`, `badblock_count`}].
  var json: JSONObject {
    var object = JSONObject()
    object.add("dev", bus.dev)
    object.add("provider", bus.provider)
    object.add("scrub_state", scrub.state?.rawValue)
    if scrub.state != nil { object.add("scrub_count", scrub.completed) }
    object.add("scrub_since", since)
    object.add("badblock_count", badBlocks)
    object.add("new_badblock_count", found)
    object.add(
      "namespaces",
      damaged.map { namespace in
        var item = JSONObject()
        item.add("dev", namespace.dev)
        item.add("name", namespace.name)
        item.add("badblock_count", namespace.badblockCount)
        return .object(item)
      })
    return object
  }

  // MARK: Reading and telling

  /// The reports of buses, of a machine that is opened for it alone.
  static func all(_ names: [String], _ machine: MachineOptions, in context: CommandContext) throws
    -> [ScrubReport]
  {
    let backend = try context.open(machine, forWriting: false)
    let buses = try NameResolver(try backend.inventory(.listing)).buses(names)
    let notes = context.scrubNotes(machine)
    return zip(buses, try backend.scrubs(of: buses)).map { ScrubReport($0, $1, notes.note(of: $0)) }
  }

  /// - Throws: ``DeviceError/Code/unsupported`` if none of the buses has a scrub.
  static func write(
    _ reports: [ScrubReport], _ columns: ListColumns<ScrubReport>, _ list: ListOptions,
    _ output: OutputOptions,
    in context: CommandContext
  ) throws {
    if output.json {
      try context.out.write(JSON.array(reports.map { .object($0.json) }).text)
    } else {
      try context.out.write(columns.text(reports, in: context))
      guard list.areUsual else { return }
      for report in reports {
        for namespace in report.damaged {
          context.note(
            "\(namespace.title) has \(counted(namespace.badblockCount, "bad block")); "
              + "to make them readable: \(context.text("pmemctl namespace clear-errors \(namespace.dev)"))")
        }
      }
    }
    guard !reports.isEmpty, reports.allSatisfy({ $0.scrub.state == nil }) else { return }
    throw DeviceError(
      .unsupported, "cannot read the scrubs of buses: none of them has any",
      details: ["QEMU's, e820's and virtio's have none"])
  }
}
