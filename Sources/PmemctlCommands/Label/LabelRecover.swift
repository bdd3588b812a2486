import ArgumentParser
import PmemDevice
import PmemInspect
import PmemMedia
import PmemOutput
import PmemSim

struct LabelRecover: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "recover", abstract: "Recreate lost labels from the info blocks of namespaces.",
    discussion: """
      For a DIMM whose labels are lost, so that its region is one raw namespace. Every offset at which a namespace can \
      start is searched for an info block, which has the UUID, the mode and the extent. Names and raw namespaces \
      cannot be recovered. If blocks of different times overlap, they are listed, and none is used unless --namespace \
      selects it. Data are never written. If valid labels are left, use pmemctl label repair.
      """)

  @Argument(help: ArgumentHelp("nmem0, 0, or an id.", valueName: "dimm"), completion: .names(.dimms))
  var name: String

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Recover only the namespace with this UUID; may be repeated.", valueName: "uuid"))
  var namespace: [String] = []

  @OptionGroup var change: ChangeOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let uuids = try namespace.map { text throws(DeviceError) in
      guard let uuid = DeviceUUID(text) else {
        throw DeviceError(.usage, "--namespace: \"\(text)\" is not a UUID")
      }
      return uuid
    }
    try Change(context, change, output, machine).run { backend, inventory in
      let dimms = try NameResolver(inventory).dimms([name])
      guard dimms.count == 1, let dimm = dimms.first else {
        throw DeviceError(.usage, "recover takes one DIMM, and \"\(name)\" matches \(dimms.count)")
      }
      let progress = context.line(change.progress, "searching \(dimm.dev)", unit: "MiB")
      let plan = try plan(dimm, Set(uuids), inventory, backend, progress)
      return Change.Planned(plan: plan, subject: dimm.dev)
    } report: { planned, backend in
      let now = try backend.inventory(.planning)
      let found = now.dimms.filter { $0.dev == planned.subject }
      let namespaces = now.regions(on: found).flatMap(\.configuredNamespaces)
      guard !output.json else {
        return try context.out.write(JSON.array(namespaces.map { .object($0.json) }).text)
      }
      for namespace in namespaces {
        try context.out.write(
          "recovered \(namespace.title.sanitized): \(namespace.mode), \(namespace.rawSize)\n")
      }
    }
  }

  private func plan(
    _ dimm: DIMM, _ chosen: Set<DeviceUUID>, _ inventory: Inventory, _ backend: any CommandContext.Backend,
    _ progress: ProgressLine
  ) throws -> Plan {
    let what = "recover the labels of \(dimm.dev)"
    let area = try backend.readLabels(dimm: dimm.dev)
    let store = LabelStore(area)
    guard store.index == nil, store.unindexed == nil else {
      throw DeviceError(
        .refused, "refused to \(what): labels are there", details: ["nothing was changed"],
        try: ["pmemctl label repair \(dimm.dev)"], errno: 16)
    }
    guard let region = inventory.regions(on: [dimm]).first, region.mappings.count == 1,
      let mapping = region.mappings.first
    else {
      throw DeviceError(
        .unsupported, "cannot \(what): it is one of several DIMMs of a region",
        details: ["the order of a set, and its cookie, cannot be derived from one DIMM"])
    }
    guard let cookie = dimm.id.flatMap(SimDimmIdentity.init)?.cookie else {
      throw DeviceError(.unsupported, "cannot \(what): its id has no serial number, which labels depend on")
    }
    guard !region.isLabeled, let whole = region.namespaces.first, whole.isEnabled, whole.mode == .raw else {
      throw DeviceError(
        .failed, "cannot \(what): \(region.dev) is not one raw namespace, so its bytes cannot be read",
        details: ["a region whose labels were lost is, after the next boot"])
    }
    let scan = try backend.withContent(of: whole) { source throws(DeviceError) in
      try InfoBlockScan(source, step: max(region.align, 2 << 20)) { progress.update($0 >> 20, of: $1 >> 20) }
    }
    var recovery = LabelRecovery(scan, region: region, host: inventory.host)
    if !chosen.isEmpty { recovery.choose(chosen) }
    try check(recovery, what)
    guard let bytes = recovery.area(over: area, cookie: cookie, mapping: mapping) else {
      throw DeviceError(.failed, "cannot \(what): its label area of \(area.count) bytes is too small")
    }
    var plan = try LabelPlanner(inventory, inspector: backend, contents: nil).repair(
      [(dimm, bytes)], fixes: recovery.proposals.map(Self.fact))
    plan.title = what
    plan.warnings.append(
      "names are not in info blocks, and raw namespaces have none: those are not recovered")
    return plan
  }

  private func check(_ recovery: LabelRecovery, _ what: String) throws(DeviceError) {
    guard !recovery.proposals.isEmpty else {
      throw DeviceError(
        .notFound, "cannot \(what): there is no info block at any offset at which a namespace can start")
    }
    let doubtful = recovery.proposals.filter { $0.doubt != nil }
    let conflicts = recovery.conflicts
    guard doubtful.isEmpty, conflicts.isEmpty else {
      let certain = recovery.proposals.filter { !conflicts.contains($0) && $0.doubt == nil }.map(\.uuid)
      throw DeviceError(
        .refused,
        "refused to \(what): \(conflicts.isEmpty ? "not all that is found would be taken" : "namespaces of several times are found")",
        details: recovery.proposals.map { proposal in
          let note =
            proposal.doubt.map { " (\($0))" } ?? (conflicts.contains(proposal) ? " (overlaps another)" : "")
          return "\(proposal.uuid): \(Self.fact(proposal).value)\(note)"
        } + ["choose with --namespace UUID; nothing was changed"],
        try: certain.isEmpty
          ? []
          : [
            Suggestion([
              ["pmemctl", "label", "recover", name] + certain.flatMap { ["--namespace", "\($0)"] }
            ])
          ],
        errno: 22)
    }
  }

  private static func fact(_ proposal: LabelRecovery.Proposal) -> Plan.Fact {
    Plan.Fact(
      "\(proposal.mode)",
      "\(ByteCount(proposal.extent.length)) at \(ByteCount(proposal.extent.offset))",
      "its info block names \(proposal.uuid)")
  }
}

extension SimDimmIdentity {
  /// The cookie of a set of this DIMM alone, for labels of version 1.2.
  fileprivate var cookie: UInt64 {
    InterleaveCookie.v12([
      InterleaveMember(
        regionOffset: 0, serial: serial, vendor: vendor, manufacturingDate: manufacture?.date ?? 0,
        manufacturingLocation: manufacture?.location ?? 0)
    ])
  }
}
