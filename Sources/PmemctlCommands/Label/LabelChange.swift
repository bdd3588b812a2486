import PmemDevice
import PmemInspect
import PmemMedia
import PmemOutput

/// What the verbs that write whole label areas have in common.
struct LabelChange {
  let context: CommandContext
  let force: Bool
  let dangers: DangerOptions
  let change: ChangeOptions
  let output: OutputOptions
  let machine: MachineOptions

  /// - Parameters:
  ///   - verb: `write`, `zero`, `restore`.
  ///   - done: The past participle, for the answer.
  ///   - areas: What is to be written where, from the machine as it is.
  /// - Throws: Whatever was in the way; nothing remains changed then, or the error says what.
  func run(
    verb: String, done: String,
    areas: (any CommandContext.Backend, Inventory) throws(DeviceError) -> [(dimm: DIMM, bytes: [UInt8])]
  ) throws {
    let backend = try context.open(machine, forWriting: !change.dryRun)
    let inventory = try backend.inventory(.planning)
    let areas = try areas(backend, inventory)
    for (dimm, bytes) in areas { try check(bytes, for: dimm, backend) }
    let plan = try LabelPlanner(
      inventory, inspector: backend, contents: ContentProbe(backend), accepting: dangers.accepted
    ).write(areas, verb: verb, keeps: try kept(areas, inventory, backend), force: force)
    let runner = ChangeRunner(
      context: context, backend: backend, options: change, machine: machine, isJSON: output.json)
    guard try runner.run(plan, from: inventory) else { return }
    let now = try backend.inventory(.planning).dimms.filter { dimm in
      areas.contains { $0.dimm.dev == dimm.dev }
    }
    guard !output.json else { return try context.out.write(JSON.array(now.map { .object($0.json) }).text) }
    try context.out.write(
      now.map { "\(done) the labels of \($0.dev): \($0.labels?.availableSlots ?? 0) free\n" }.joined())
  }

  private func check(_ bytes: [UInt8], for dimm: DIMM, _ backend: any DeviceBackend) throws(DeviceError) {
    guard dimm.labels != nil else { return }
    let size = try backend.readLabels(dimm: dimm.dev).count
    guard bytes.count == size else {
      throw DeviceError(
        .corrupt, "the label area of \(dimm.dev) has \(size) bytes, and \(bytes.count) are given",
        details: ["they are of another DIMM, or cut; nothing was changed"])
    }
  }

  /// The namespaces that the labels tell of before and after alike, on every DIMM that is written.
  private func kept(
    _ areas: [(dimm: DIMM, bytes: [UInt8])], _ inventory: Inventory, _ backend: any DeviceBackend
  ) throws(DeviceError) -> [Namespace] {
    var lost: Set<DeviceUUID> = []
    for (dimm, bytes) in areas where dimm.labels != nil {
      let before = Set(LabelStore(try backend.readLabels(dimm: dimm.dev)).active.map(Self.essence))
      let after = Set(LabelStore(bytes).active.map(Self.essence))
      lost.formUnion(before.subtracting(after).map(\.uuid))
    }
    // A label-less region gets labels, which tell of other namespaces than the one that it is.
    let labeled = inventory.regions.filter(\.isLabeled).flatMap(\.configuredNamespaces)
    return labeled.filter { namespace in
      (namespace.rawUUID ?? namespace.uuid).map { !lost.contains($0) } ?? false
    }
  }

  /// In which slot a label is does not matter.
  private static func essence(_ label: NamespaceLabel) -> NamespaceLabel {
    var essence = label
    essence.slot = 0
    return essence
  }
}
