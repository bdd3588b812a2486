import ArgumentParser
import PmemDevice
import PmemInspect
import PmemMedia
import PmemOutput

struct LabelRecover: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "recover", abstract: "Recreate lost labels from what is left on the media.",
    discussion: """
      For a DIMM, and the others of its set, whose labels are lost. Every offset at which a namespace can start is searched \
      for an info block, which has the UUID, the mode and the extent; what is left of raw namespaces is the header of a \
      volume. Names are lost. What is not certain, such as blocks of different times that overlap, is listed, and none is \
      used unless --namespace selects it. Data are never written. If valid labels are left, use pmemctl label repair.
      """)

  @Argument(help: ArgumentHelp("nmem0, 0, or an id.", valueName: "dimm"), completion: .names(.dimms))
  var name: String?

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Instead of a DIMM: an NVDIMM image that no machine uses, as pmemctl sim import takes it; may be repeated.",
      valueName: "spec"),
    completion: .file())
  var image: [String] = []

  @Option(
    name: .long,
    help: ArgumentHelp(
      "Recover only the namespace with this UUID, or the volume; may be repeated.", valueName: "uuid"))
  var namespace: [String] = []

  @Flag(
    name: .long,
    help: "Look at every 4 KiB, as namespaces of kernels before 5.3 began; by default every 2 MiB.")
  var thorough = false

  @OptionGroup var change: ChangeOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    guard !image.isEmpty else {
      guard let name else {
        throw DeviceError(.usage, "there is nothing to recover: name a DIMM, or an image with --image")
      }
      try recover(name, in: context)
      return
    }
    guard name == nil, machine.sim == nil else {
      throw DeviceError(.usage, "--image goes without a DIMM and without --sim")
    }
    try recoverImages(in: context)
  }

  /// Of images that are no set, each by itself.
  private func recoverImages(in context: CommandContext) throws {
    let copies = try RecoveredImages(image)
    var verb = self
    verb.machine.sim = copies.machine
    verb.change.noUndo = true
    var covered: Set<String> = []
    for index in copies.images.indices where !covered.contains("nmem\(index)") {
      covered.formUnion(try verb.recover("nmem\(index)", in: context))
    }
    for file in try copies.writeBack() {
      context.note("wrote the label area of \(file); \(file)\(RecoveredImages.suffix) keeps the old one")
    }
  }

  /// - Returns: The DIMMs that were recovered together, by kernel name.
  @discardableResult private func recover(_ name: String, in context: CommandContext) throws -> [String] {
    let chosen = try namespace.map { text throws(DeviceError) in
      guard let uuid = DeviceUUID(text) else {
        throw DeviceError(.usage, "--namespace: \"\(text)\" is not a UUID")
      }
      return uuid
    }
    let backend = try context.open(machine, forWriting: !change.dryRun)
    let frame = Change(context, change, output, machine)
    var lost = try LostLabels(name, try backend.inventory(.planning), backend)
    guard try open(&lost, name, frame, backend, context) else { return [] }
    let plan: Plan
    do {
      plan = try self.plan(lost, name, Set(chosen), backend, context)
    } catch {
      try close(lost, frame, backend)
      throw error
    }
    guard try frame.carryOut(plan, from: lost.inventory, on: backend) else {
      try close(lost, frame, backend)
      return lost.dimms.map(\.dev)
    }
    do { try report(lost, backend, context) } catch { throw AfterChange(error) }
    return lost.dimms.map(\.dev)
  }

  // MARK: Reading

  /// Presents regions that are divided as one namespace each, so that they can be read.
  ///
  /// - Returns: False for a dry run that ends there.
  private func open(
    _ lost: inout LostLabels, _ name: String, _ frame: Change, _ backend: any CommandContext.Backend,
    _ context: CommandContext
  ) throws -> Bool {
    guard !lost.closed.isEmpty else { return true }
    let blank = lost.dimms.filter { lost.versions[$0.dev] != .v12 }
    if !blank.isEmpty {
      let fresh = try LabelPlanner(lost.inventory, inspector: backend, contents: nil)
        .initialize(blank, version: .v12, force: true)
      guard try frame.carryOut(fresh, from: lost.inventory, on: backend) else {
        context.note("what can be recovered is searched for when this is done")
        return false
      }
      lost = try LostLabels(name, try backend.inventory(.planning), backend)
    }
    let closed = lost.closed.map(\.dev)
    guard try frame.carryOut(try lost.opening(backend), from: lost.inventory, on: backend) else {
      context.note("what can be recovered is searched for when this is done")
      return false
    }
    lost = try LostLabels(name, try backend.inventory(.planning), backend)
    lost.opened = closed
    return true
  }

  /// Takes the namespaces away again that only served to read.
  private func close(_ lost: LostLabels, _ frame: Change, _ backend: any CommandContext.Backend) throws {
    let windows = lost.windows.filter { lost.opened.contains($0.region.dev) }
    guard !windows.isEmpty else { return }
    let plan = Plan(title: "end reading \(lost.what)", entries: windows.flatMap(\.closing))
    _ = try frame.carryOut(plan, from: lost.inventory, on: backend, isRestoring: true)
  }

  // MARK: The plan

  private func plan(
    _ lost: LostLabels, _ name: String, _ chosen: Set<DeviceUUID>, _ backend: any CommandContext.Backend,
    _ context: CommandContext
  ) throws -> Plan {
    let what = "recover the labels of \(lost.what)"
    var recoveries: [(window: RecoveryWindow, recovery: LabelRecovery)] = []
    for window in lost.windows {
      let progress = context.line(change.progress, "searching \(window.region.dev)", unit: "MiB")
      defer { progress.end() }
      let step = thorough ? 4096 : RegionScan.smallestStep
      let scan = try backend.withContent(of: window.namespace) { source throws(DeviceError) in
        try RegionScan(source, step: step) { done, total throws(DeviceError) in
          progress.update(done >> 20, of: total >> 20)
          // Held, while a region is presented as one namespace for this.
          guard !context.signals.isInterrupted else {
            throw DeviceError(.interrupted, "cannot \(what): interrupted")
          }
        }
      }
      var recovery = LabelRecovery(
        scan, region: window.region, host: lost.inventory.host, remnants: lost.remnants)
      if !chosen.isEmpty { recovery.choose(chosen) }
      recoveries.append((window, recovery))
    }
    try check(recoveries.map(\.recovery), what, name)
    var labels: [String: [NamespaceLabel]] = [:]
    for (window, recovery) in recoveries where !recovery.proposals.isEmpty {
      let cookie = try lost.cookie(of: window.region, backend)
      for mapping in window.region.mappings {
        labels[mapping.dimm, default: []] += recovery.labels(
          on: mapping, of: window.region.mappings.count, cookie: cookie,
          type: lost.inventory.labelType(of: window.region))
      }
    }
    let areas = try lost.dimms.map { dimm throws(DeviceError) in
      let area = lost.areas[dimm.dev] ?? []
      guard let bytes = LabelRecovery.area(with: labels[dimm.dev] ?? [], over: area) else {
        throw DeviceError(.failed, "cannot \(what): the label area of \(dimm.dev) has no room for them")
      }
      return (dimm: dimm, bytes: bytes)
    }
    var plan = try LabelPlanner(lost.inventory, inspector: backend, contents: nil).repair(
      areas, fixes: recoveries.flatMap { $0.recovery.proposals.map(Self.fact) },
      verb: "recover")
    plan.title = what
    plan.warnings += Self.warnings(recoveries.flatMap(\.recovery.proposals))
    plan.warnings += remembered(lost, context)
    return plan
  }

  private static func warnings(_ proposals: [LabelRecovery.Proposal]) -> [String] {
    let volumes = proposals.count { if case .volume = $0.evidence { true } else { false } }
    let nameless = proposals.count(where: \.name.isEmpty)
    return
      (nameless == 0
      ? []
      : [
        "names are in labels alone: \(counted(nameless, "namespace")) \(nameless == 1 ? "has" : "have") none now"
      ])
      + (volumes == 0
        ? []
        : [
          "the size of \(counted(volumes, "raw namespace")) is that of the volume, and the UUID is the volume's: "
            + "their own are lost"
        ])
  }

  /// Records of changes from before the loss: they have the labels with their names, as they were then.
  private func remembered(_ lost: LostLabels, _ context: CommandContext) -> [String] {
    let records = (try? context.journal(machine).records().records) ?? []
    let ids = Set(lost.dimms.compactMap(\.id))
    let older = records.filter { record in
      record.before.dimms.contains { saved in
        saved.id.map(ids.contains) ?? false && saved.labels.map { !LabelStore($0).active.isEmpty } ?? false
      }
    }
    return older.prefix(1).map { record in
      "undo record \(record.id), \"\(record.title)\", has labels of these DIMMs from before it, with names: "
        + "pmemctl undo show \(record.id)"
    }
  }

  private func check(_ recoveries: [LabelRecovery], _ what: String, _ name: String) throws(DeviceError) {
    let proposals = recoveries.flatMap(\.proposals)
    guard !proposals.isEmpty else {
      throw DeviceError(
        .notFound,
        "cannot \(what): there is no info block and no volume at any offset at which a namespace can start",
        details: namespace.isEmpty ? [] : ["none of those that --namespace selects, at least"])
    }
    let conflicts = recoveries.flatMap(\.conflicts)
    guard namespace.isEmpty || !conflicts.isEmpty else { return }
    guard proposals.contains(where: { $0.doubt != nil }) || !conflicts.isEmpty else { return }
    let certain = proposals.filter { !conflicts.contains($0) && $0.doubt == nil }.map(\.uuid)
    throw DeviceError(
      .refused,
      "refused to \(what): \(conflicts.isEmpty ? "not all that is found is certain" : "namespaces of several times are found")",
      details: proposals.map { proposal in
        let note =
          proposal.doubt.map { " (\($0))" } ?? (conflicts.contains(proposal) ? " (overlaps another)" : "")
        return "\(proposal.uuid): \(proposal.mode), \(Self.fact(proposal).value)\(note)"
      } + ["choose with --namespace UUID; nothing was changed"],
      try: certain.isEmpty
        ? []
        : [
          Suggestion([
            ["pmemctl", "label", "recover"]
              + (image.isEmpty ? [name] : image.flatMap { ["--image", $0] })
              + certain.flatMap { ["--namespace", "\($0)"] }
          ])
        ],
      errno: 22)
  }

  private static func fact(_ proposal: LabelRecovery.Proposal) -> Plan.Fact {
    let evidence =
      switch proposal.evidence {
      case .infoBlock: "its info block names \(proposal.uuid)"
      case .volume(let type): "\(type), \(proposal.uuid), is there"
      case .label: "its label, \(proposal.uuid), is in no index"
      }
    return Plan.Fact(
      "\(proposal.mode)\(proposal.name.isEmpty ? "" : " \"\(proposal.name.sanitized)\"")",
      "\(ByteCount(proposal.extent.length)) at \(ByteCount(proposal.extent.offset))", evidence)
  }

  // MARK: The answer

  private func report(
    _ lost: LostLabels, _ backend: any CommandContext.Backend, _ context: CommandContext
  ) throws {
    let now = try backend.inventory(.planning)
    let found = now.dimms.filter { dimm in lost.dimms.contains { $0.dev == dimm.dev } }
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
