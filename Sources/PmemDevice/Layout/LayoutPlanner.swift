/// Plans the changes that turn a machine into what a layout describes: one plan, composed of what the other planners
/// plan.
///
/// A destructive change is planned only if it was allowed by name; otherwise it is a conflict, and the rest is planned
/// around it.
public struct LayoutPlanner {
  private let start: Inventory
  private let inspector: any UsageInspector
  private let contents: (any ContentInspector)?
  private let accepted: AcceptedDangers
  private let replacing: AllowedNames
  private let destroying: AllowedNames
  private let unfinished: Set<DeviceUUID>
  private let truth: (Namespace) -> Namespace

  /// - Parameters:
  ///   - inventory: The machine's devices, or those of another host's snapshot.
  ///   - inspector: Asked who is in the way.
  ///   - contents: Asked what would be lost.
  ///   - accepted: Harm that a person has named, and wants done.
  ///   - replacing: Namespaces that may be recreated in place.
  ///   - destroying: Namespaces that may be destroyed.
  ///   - unfinished: Label UUIDs that an earlier plan of this kind began with: those namespaces hold no one's data.
  ///   - truth: Probes a disabled namespace by its info block.
  public init(
    _ inventory: Inventory, inspector: any UsageInspector, contents: (any ContentInspector)?,
    accepting accepted: AcceptedDangers = [], replacing: AllowedNames, destroying: AllowedNames,
    unfinished: Set<DeviceUUID> = [], truth: @escaping (Namespace) -> Namespace
  ) {
    start = inventory
    self.inspector = inspector
    self.contents = contents
    self.accepted = accepted
    self.replacing = replacing
    self.destroying = destroying
    self.unfinished = unfinished
    self.truth = truth
  }

  /// The plan under construction.
  private struct Work {
    var machine: VirtualInventory
    /// Entries by what they do: all destruction comes before any creation.
    var detaching: [Plan.Entry] = []
    /// A disabled namespace occupies its region's only seed claim of that kind: it is enabled before other claims are
    /// made.
    var waiting: [Plan.Entry] = []
    var taking: [Plan.Entry] = []
    var making: [Plan.Entry] = []
    var warnings: [String] = []
    var saves: [SavedPart] = []
    var isDestructive = false
    var harmsUsers = false
    var changes: [LayoutPlan.Change] = []
    var conflicts: [LayoutPlan.Conflict] = []
    var uuids: [DeviceUUID] = []

    mutating func take(_ plan: Plan) {
      for entry in plan.entries {
        switch entry.step {
        case .disable, .release: detaching.append(entry)
        default: taking.append(entry)
        }
      }
      note(plan)
    }

    mutating func make(_ plan: Plan) {
      making += plan.entries
      note(plan)
    }

    private mutating func note(_ plan: Plan) {
      warnings += plan.warnings.filter { !warnings.contains($0) }
      saves += plan.saves.filter { !saves.contains($0) }
      isDestructive = isDestructive || plan.isDestructive
      harmsUsers = harmsUsers || plan.harmsUsers
    }

    mutating func changed(
      _ kind: LayoutPlan.Change.Kind, _ namespace: Namespace, _ text: String,
      _ proposal: NamespaceProposal? = nil
    ) {
      changes.append(
        LayoutPlan.Change(
          kind: kind, namespace: namespace.dev, name: namespace.name, region: "region\(namespace.regionID)",
          text: text, taken: proposal?.taken, usable: proposal?.usable))
    }
  }

  /// - Parameter layout: The intended state.
  /// - Returns: The plan; empty if nothing has to change.
  /// - Throws: The reason if it is impossible, with its position in the file; ``DeviceError/Code/refused`` if a device
  ///   is in use.
  public func plan(_ layout: Layout) throws(DeviceError) -> LayoutPlan {
    let assignments = try LayoutAssignment(layout, in: start).regions
    var work = Work(machine: VirtualInventory(start))
    for assignment in assignments { try plan(assignment, &work) }
    let plan = Plan(
      title: "apply the layout", entries: work.detaching + work.waiting + work.taking + work.making,
      warnings: work.warnings,
      saves: work.saves, isDestructive: work.isDestructive, harmsUsers: work.harmsUsers)
    let free = assignments.compactMap { work.machine.region($0.region.id) }.map {
      (region: $0.dev, free: $0.availableSize, largest: $0.maxAvailableExtent)
    }
    return LayoutPlan(
      plan: plan, changes: work.changes, conflicts: work.conflicts, uuids: work.uuids, free: free)
  }

  // MARK: One region

  private func plan(_ assignment: LayoutAssignment.Assigned, _ work: inout Work) throws(DeviceError) {
    var missing: [NamespaceLayout] = []
    var kept: [(NamespaceLayout, Namespace)] = []
    var spoken: Set<String> = []
    for wanted in assignment.namespaces {
      if let present = assignment.present(wanted) {
        spoken.insert(present.dev)
        kept.append((wanted, present))
      } else {
        missing.append(wanted)
      }
    }
    if assignment.others == .destroy {
      try destroy(assignment.region.configuredNamespaces.filter { !spoken.contains($0.dev) }, &work)
    }
    for (wanted, present) in kept {
      guard try adapt(present, to: wanted, on: assignment.region, &work) else { continue }
      missing.append(wanted)
    }
    try create(missing, on: assignment.region, &work)
  }

  private func destroy(_ others: [Namespace], _ work: inout Work) throws(DeviceError) {
    for namespace in others {
      guard work.machine.region(namespace.regionID)?.isLabeled ?? false else {
        work.warnings.append("\(namespace.dev) is all of a region without labels: it stays")
        continue
      }
      guard destroying.contains(namespace) || isUnfinished(namespace) else {
        work.conflicts.append(
          LayoutPlan.Conflict(
            text: "\(namespace.title) is not in the layout, which destroys others: "
              + "\(namespace.mode), \(namespace.size)",
            option: "--destroy \(ShellWord(namespace.name ?? namespace.dev))"))
        continue
      }
      work.take(try states(work).destroy([namespace], force: true))
      work.changed(.destroy, namespace, "destroy \(namespace.title), \(namespace.mode), \(namespace.size)")
      work.machine.destroy(namespace)
    }
  }

  // MARK: A namespace that is there

  /// - Returns: Whether it was removed, and must be created elsewhere.
  private func adapt(
    _ present: Namespace, to wanted: NamespaceLayout, on region: Region, _ work: inout Work
  ) throws(DeviceError) -> Bool {
    let truth = truth(present)
    let comparison = LayoutComparison(wanted, truth, on: region, in: start)
    let differences = comparison.differences
    guard differences.isEmpty else {
      return try replace(present, truth, with: wanted, on: region, differences, &work)
    }
    try settle(present, as: wanted, on: region, &work)
    return false
  }

  /// Differences of name or state alone.
  private func settle(
    _ present: Namespace, as wanted: NamespaceLayout, on region: Region, _ work: inout Work
  ) throws(DeviceError) {
    if let name = wanted.name, region.isLabeled, name != present.name {
      work.make(try states(work).rename(present, to: name))
      work.changed(.rename, present, "rename \(present.title) to \"\(name)\"")
      work.machine.rename(present, to: name)
    }
    if wanted.isEnabled, !present.isEnabled {
      let plan = try states(work).enable([present])
      if present.holder == nil { work.make(plan) } else { work.waiting += plan.entries }
      work.changed(.enable, present, "enable \(present.title)")
    } else if !wanted.isEnabled, present.isEnabled {
      work.make(try states(work).disable([present]))
      work.changed(.disable, present, "disable \(present.title)")
    } else if let memory = wanted.systemRAM, wanted.isEnabled {
      try lend(present, memory, &work)
    }
  }

  private func replace(
    _ present: Namespace, _ truth: Namespace, with wanted: NamespaceLayout, on region: Region,
    _ differences: [String], _ work: inout Work
  ) throws(DeviceError) -> Bool {
    guard replacing.contains(present) || isUnfinished(present) else {
      work.conflicts.append(
        LayoutPlan.Conflict(
          text: "\(wanted.position.text): \(present.title): \(differences.joined(separator: ", ")); "
            + "its content would be lost",
          option: "--replace \(ShellWord(present.name ?? present.dev))"))
      return false
    }
    let outcome: NamespaceReconfigurePlanner.Outcome
    do throws(DeviceError) {
      outcome = try NamespaceReconfigurePlanner(
        present, as: truth, in: work.machine.inventory, inspector: inspector, contents: contents,
        accepting: accepted
      ).plan(
        NamespaceReconfigureRequest(
          mode: wanted.mode, map: wanted.map, align: wanted.align, sectorSize: wanted.sectorSize,
          amount: wanted.amount == .max || !region.isLabeled ? nil : wanted.amount, measure: wanted.measure,
          name: wanted.name == present.name || !region.isLabeled ? nil : wanted.name, force: true))
    } catch {
      // It does not fit at its offset; it may fit elsewhere.
      guard error.errno == 28 || error.errno == 6, region.isLabeled else {
        throw error.about(wanted)
      }
      work.take(try states(work).destroy([present], force: true))
      work.changed(
        .destroy, present,
        "destroy \(present.title): \(differences.joined(separator: ", ")), and it does not fit here")
      work.machine.destroy(present)
      return true
    }
    work.take(outcome.plan)
    work.changed(
      .reconfigure, present, "recreate \(present.title): \(differences.joined(separator: ", "))",
      outcome.proposal)
    guard let proposal = outcome.proposal else { return false }
    work.machine.add(proposal, name: nil, uuid: nil)
    try finish(wanted, proposal, &work)
    return false
  }

  /// Begun by an earlier plan, and unused since.
  private func isUnfinished(_ namespace: Namespace) -> Bool {
    namespace.labelUUID.map(unfinished.contains) ?? false
  }

  // MARK: New namespaces

  private func create(
    _ missing: [NamespaceLayout], on region: Region, _ work: inout Work
  ) throws(DeviceError) {
    guard !missing.isEmpty else { return }
    let packed: LayoutPacking.Packed
    do throws(DeviceError) {
      packed = try LayoutPacking(work.machine, region: region.id).pack(missing)
    } catch {
      // There may be room if the conflicting namespaces may be destroyed.
      guard work.conflicts.isEmpty else {
        work.warnings.append("\(error.summary): there may be room once the conflicts are resolved")
        return
      }
      throw error
    }
    work.machine = packed.machine
    for (wanted, made) in packed.plans {
      let proposal = made.proposal
      var namespace = proposal.namespace
      namespace.name = wanted.name
      work.make(made.plan)
      if let uuid = made.uuid { work.uuids.append(uuid) }
      work.changed(
        .create, namespace,
        "create \(namespace.title), \(proposal.mode), \(proposal.taken), \(proposal.usable.exact) usable",
        proposal)
      try finish(wanted, proposal, &work)
    }
  }

  /// The steps for a namespace that was just created.
  private func finish(
    _ wanted: NamespaceLayout, _ proposal: NamespaceProposal, _ work: inout Work
  ) throws(DeviceError) {
    if !wanted.isEnabled {
      work.making.append(
        Plan.Entry(
          .disable(namespace: proposal.namespace.dev), "disable \(proposal.namespace.dev)"))
    }
    guard let memory = wanted.systemRAM, wanted.isEnabled else { return }
    let begin = (proposal.region.resource ?? 0) + proposal.offset + proposal.overhead.rawValue
    let device = DaxDevice(
      chardev: "dax\(proposal.namespace.regionID).\(proposal.namespace.id)", size: proposal.usable,
      targetNode: proposal.region.targetNode, align: proposal.align ?? 4096, mode: .devdax,
      mappings: [DaxRange(pageOffset: 0, start: begin, end: begin + proposal.usable.rawValue - 1)])
    let region = DaxRegion(
      id: proposal.namespace.regionID, size: proposal.usable, align: device.align, devices: [device])
    let location = DaxDeviceLocation(device: device, region: region, namespace: nil)
    work.make(
      try DaxDevicePlanner(start, inspector: NullUsageInspector()).reconfigure(
        [location], Self.request(memory)))
  }

  // MARK: System-ram

  private func lend(
    _ namespace: Namespace, _ memory: NamespaceLayout.SystemRAM, _ work: inout Work
  ) throws(DeviceError) {
    let locations = start.daxDevices.filter { $0.namespace?.dev == namespace.dev }
    let planner = DaxDevicePlanner(start, inspector: inspector, accepting: accepted)
    var plan = try planner.reconfigure(locations, Self.request(memory))
    let online = locations.contains { $0.device.memory?.online ?? 0 > 0 }
    if plan.entries.isEmpty, memory == .offline, online { plan = try planner.offline(locations) }
    guard !plan.entries.isEmpty else { return }
    work.make(plan)
    work.changed(.memory, namespace, "use \(namespace.title) as system-ram, \(memory.rawValue)")
  }

  private static func request(_ memory: NamespaceLayout.SystemRAM) -> DaxDeviceRequest {
    DaxDeviceRequest(mode: .systemRAM, isOnline: memory != .offline, isMovable: memory != .kernel)
  }

  private func states(_ work: Work) -> NamespaceStatePlanner {
    NamespaceStatePlanner(
      work.machine.inventory, inspector: inspector, contents: contents, accepting: accepted)
  }
}
