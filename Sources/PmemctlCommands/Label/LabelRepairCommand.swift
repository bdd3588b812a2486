import ArgumentParser
import PmemDevice
import PmemInspect
import PmemMedia
import PmemOutput

struct LabelRepairCommand: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "repair",
    abstract: "Repair damaged label areas from the copies and checksums that are left.",
    discussion: """
      Uses the other index block, the previous copy of a label, the labels of the other DIMMs of the set, the checksum \
      (which identifies one damaged word), and info blocks that name their label. Anything that would be a guess is \
      reported and left alone. Data are never written.
      """)

  @Argument(
    help: ArgumentHelp("nmem0, 0, or an id; all for every one.", valueName: "dimm"),
    completion: .names(.dimms))
  var names: [String]

  @OptionGroup var change: ChangeOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let names = names
    try Change(context, change, output, machine).run { backend, inventory in
      let dimms = try NameResolver(inventory).dimms(names)
      var areas: [(dimm: DIMM, bytes: [UInt8])] = []
      var facts: [Plan.Fact] = []
      var unresolved: [String] = []
      for dimm in dimms {
        guard let area = try? backend.readLabels(dimm: dimm.dev) else {
          guard !names.contains("all") else { continue }
          throw DeviceError(.unsupported, "cannot repair the labels of \(dimm.dev): it has no label area")
        }
        let progress = context.line(change.progress, "searching \(dimm.dev)", unit: "MiB")
        let repair = LabelRepair(area, in: try Self.repairContext(of: dimm, inventory, backend, progress))
        unresolved += repair.unresolved.map { "\(dimm.dev): \($0)" }
        guard !repair.fixes.isEmpty else { continue }
        // It would still be refused as a whole.
        if let conflict = DimmProbe(repair.area).conflict {
          unresolved.append("\(dimm.dev): \(conflict.text)")
          continue
        }
        facts += repair.fixes.map { Plan.Fact(dimm.dev, $0) }
        areas.append((dimm, repair.area))
      }
      guard !areas.isEmpty || unresolved.isEmpty else {
        throw DeviceError(
          .failed,
          "cannot repair the labels of \(dimms.map(\.dev).joined(separator: " and ")): there is no evidence of their old content",
          details: unresolved
            + dimms.filter(inventory.awaitsCxlRegion).map {
              "\($0.dev) is in no CXL region: when that is there, the other devices' labels are evidence"
            },
          try: ["pmemctl undo list", "pmemctl label restore FILE"]
            + dimms.prefix(1).map { "pmemctl label recover \($0.dev) --dry-run" })
      }
      guard !areas.isEmpty else {
        return Change.Planned(
          plan: Plan(title: "repair labels", entries: [], warnings: ["there is nothing to repair"]),
          subject: [String]())
      }
      var plan = try LabelPlanner(inventory, inspector: backend, contents: nil).repair(areas, fixes: facts)
      plan.warnings += unresolved.map { "not repaired: \($0)" }
      return Change.Planned(plan: plan, subject: areas.map(\.dimm.dev))
    } report: { planned, backend in
      try report(planned.subject, backend, context)
    }
  }

  private func report(
    _ names: [String], _ backend: any CommandContext.Backend, _ context: CommandContext
  ) throws {
    let now = try backend.inventory(.planning)
    let dimms = now.dimms.filter { names.contains($0.dev) }
    guard !output.json else { return try context.out.write(JSON.array(dimms.map { .object($0.json) }).text) }
    for dimm in dimms {
      let found = now.regions(on: [dimm]).flatMap(\.configuredNamespaces).map(\.title).joined(separator: ", ")
      try context.out.write(
        "repaired the labels of \(dimm.dev): \((found.isEmpty ? "no namespaces" : found).sanitized)\n")
    }
  }

  /// The set of a DIMM, and the offsets of info blocks in its region.
  private static func repairContext(
    of dimm: DIMM, _ inventory: Inventory, _ backend: any CommandContext.Backend, _ progress: ProgressLine
  ) throws -> LabelRepair.Context {
    guard let region = inventory.regions(on: [dimm]).first,
      let mapping = region.mappings.first(where: { $0.dimm == dimm.dev })
    else {
      var alone = LabelRepair.Context(
        count: 1, position: 0, cookie: nil, extent: Extent(offset: 0, length: .max), mates: [])
      alone.type = inventory.labelType(of: dimm)
      return alone
    }
    let others = region.mappings.filter { $0.dimm != dimm.dev }
    var repair = LabelRepair.Context(
      count: region.mappings.count, position: mapping.position, cookie: region.isetID,
      extent: Extent(offset: mapping.offset, length: mapping.length),
      mates: others.compactMap { try? backend.readLabels(dimm: $0.dimm) })
    repair.type = inventory.labelType(of: dimm)
    // Without labels all of a region is one raw namespace, and can be read.
    guard !region.isLabeled, let whole = region.namespaces.first, whole.isEnabled, whole.mode == .raw else {
      return repair
    }
    let step = max(region.align, 2 << 20)
    let scan = try backend.withContent(of: whole) { source throws(DeviceError) in
      try RegionScan(source, step: step) { progress.update($0 >> 20, of: $1 >> 20) }
    }
    for found in scan.found {
      repair.infoBlocks[found.parent, default: []].insert(
        mapping.offset + found.offset / UInt64(region.mappings.count))
    }
    return repair
  }
}
