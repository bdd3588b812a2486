/// Plans another mode, size, memory map, alignment, sector size, name or UUID for a namespace, in place: it keeps its
/// kernel name, the UUID of its label unless another one is asked for, and its start if possible. Its content is lost,
/// unless only the name changes, or a raw namespace grows at its end or gets another UUID: info blocks name the UUID of
/// their namespace, and are not valid under another one (drivers/nvdimm/pfn_devs.c:nd_pfn_validate,
/// btt_devs.c:nd_btt_arena_is_valid).
public struct NamespaceReconfigurePlanner {
  /// As the kernel presents it, and as its info block describes it.
  private let present: Namespace
  private let namespace: Namespace
  private let region: Region
  private let inventory: Inventory
  private let teardownGuard: TeardownGuard
  private let states: NamespaceStatePlanner

  /// - Parameters:
  ///   - present: As the kernel shows it.
  ///   - truth: As its info block describes it; the same for an enabled one.
  ///   - inventory: The machine's devices.
  ///   - inspector: Asked who is in the way.
  ///   - contents: Asked what would be lost.
  ///   - accepted: Harm that a person has named, and wants done.
  /// - Throws: ``DeviceError/Code/notFound`` for a device that is no namespace yet.
  public init(
    _ present: Namespace, as truth: Namespace, in inventory: Inventory, inspector: any UsageInspector,
    contents: (any ContentInspector)?, accepting accepted: AcceptedDangers = []
  ) throws(DeviceError) {
    guard let region = inventory.region(of: present), !present.isSeed else {
      throw DeviceError(
        .notFound,
        "cannot reconfigure \(present.dev): it has no size: it is an idle device for a new namespace",
        try: ["pmemctl namespace create --region region\(present.regionID)"])
    }
    self.present = present
    namespace = truth
    self.region = region
    self.inventory = inventory
    teardownGuard = TeardownGuard(inventory, inspector: inspector, contents: contents, accepting: accepted)
    states = NamespaceStatePlanner(inventory, inspector: inspector, contents: contents, accepting: accepted)
  }

  private var what: String { "reconfigure \(namespace.title)" }

  /// A plan, with the numbers that it rests on; nil if only the name changes.
  public struct Outcome: Hashable, Sendable {
    public let plan: Plan
    public let proposal: NamespaceProposal?
  }

  /// - Returns: The plan; without steps if nothing has to change.
  /// - Throws: The reason if it is impossible, with the possible values; ``DeviceError/Code/refused`` if it is in use,
  ///   content would be lost, or force is needed.
  public func plan(_ request: NamespaceReconfigureRequest) throws(DeviceError) -> Outcome {
    let target = try request.target(namespace, on: region)
    if request.name != nil, !region.isLabeled {
      throw DeviceError(.unsupported, "cannot \(what): names are in labels, and \(region.dev) has none")
    }
    if let uuid = request.uuid, changesUUID(request) { try checkFree(uuid) }
    try RegionFit(target, region: region, inventory: inventory, what: what).check()
    let proposal = try proposal(target, changesSize: request.amount != nil)
    guard changes(proposal) || changesUUID(request) || request.recreates else {
      guard let name = request.name else {
        return Outcome(
          plan: Plan(
            title: what, entries: [], warnings: ["\(namespace.title) is already configured like that"]),
          proposal: proposal)
      }
      return Outcome(plan: try states.rename(namespace, to: name), proposal: nil)
    }
    let clearance =
      keepsContent(proposal) && !request.recreates
      ? try teardownGuard.check([present], verb: "reconfigure", what: nil)
      : try teardownGuard.checkLoss([present], verb: "reconfigure", what: nil)
    if namespace.isEnabled, !request.force {
      throw DeviceError(
        .refused,
        "refused: \(namespace.title) is enabled\(namespace.node.map { " (/dev/\($0))" } ?? "")",
        details: [
          "it seems unused, but may hold data; --force reconfigures it; nothing was changed"
        ], errno: 16)
    }
    return Outcome(plan: plan(proposal, request, clearance), proposal: proposal)
  }

  private func changesUUID(_ request: NamespaceReconfigureRequest) -> Bool {
    request.uuid.map { $0 != namespace.labelUUID } ?? false
  }

  private func checkFree(_ uuid: DeviceUUID) throws(DeviceError) {
    guard region.isLabeled else {
      throw DeviceError(.unsupported, "cannot \(what): UUIDs are in labels, and \(region.dev) has none")
    }
    guard let owner = inventory.namespaces.first(where: { $0.uuid == uuid || $0.rawUUID == uuid }) else {
      return
    }
    throw DeviceError(
      .failed, "cannot \(what): \(owner.title) has the UUID \(uuid) already",
      details: ["leave --uuid out to keep the one that it has"], errno: 22)
  }

  // MARK: Offset and size

  private func proposal(
    _ target: NamespaceCreateRequest, changesSize: Bool
  ) throws(DeviceError) -> NamespaceProposal {
    let fit = RegionFit(target, region: region, inventory: inventory, what: what)
    let geometry = NamespaceGeometry(
      request: target, region: region, host: inventory.host, namespace: namespace, bttVersion: fit.bttVersion,
      neighbours: inventory.neighbours(of: region),
      sectionUses: inventory.sectionUses(but: namespace.dev))
    return try ResizeSolver(namespace, on: region, geometry: geometry, what: what).solve(
      target, changesSize: changesSize)
  }

  private func changes(_ proposal: NamespaceProposal) -> Bool {
    guard proposal.mode == namespace.mode, proposal.taken == namespace.rawSize else { return true }
    switch proposal.mode {
    case .raw: return false
    case .sector: return proposal.sectorSize != namespace.sectorSize
    case .fsdax, .devdax:
      // A namespace without an info block has no settings.
      guard proposal.needsClaim || namespace.holder != nil else { return false }
      return proposal.map != namespace.map || proposal.align != namespace.align
    }
  }

  /// A raw namespace that grows at its end.
  private func keepsContent(_ proposal: NamespaceProposal) -> Bool {
    proposal.mode == .raw && namespace.mode == .raw && !moves(proposal) && proposal.taken >= namespace.rawSize
  }

  private func moves(_ proposal: NamespaceProposal) -> Bool {
    guard let start = namespace.resource, let base = region.resource else { return false }
    return start - base != proposal.offset
  }

  // MARK: Steps

  private func plan(
    _ proposal: NamespaceProposal, _ request: NamespaceReconfigureRequest,
    _ clearance: TeardownGuard.Clearance
  ) -> Plan {
    let dev = namespace.dev
    var entries = NamespaceStatePlanner.detaching(namespace)
    let keeps = keepsContent(proposal) && !request.recreates
    if !keeps { entries.append(NamespaceStatePlanner.zeroing(namespace)) }
    if proposal.taken != namespace.rawSize { entries.append(resizing(proposal)) }
    if let name = request.name, name != namespace.name {
      entries.append(
        Plan.Entry(
          .rename(namespace: dev, name: name), "write the name \"\(name)\" to its labels"))
    }
    if let uuid = request.uuid, changesUUID(request) {
      entries.append(
        Plan.Entry(.identify(namespace: dev, uuid: uuid), "write the UUID \(uuid) to its labels"))
    }
    if proposal.mode != namespace.mode {
      entries.append(
        Plan.Entry(
          .setMode(namespace: dev, proposal.mode),
          "mark it as \(proposal.mode)\(region.isLabeled ? " in its labels" : "")"))
    }
    var last = NamespaceCreatePlan.claimSteps(proposal)
    if let index = last.indices.last { last[index].loses = overwritten(proposal) }
    entries += last
    return Plan(
      title: what, facts: facts(proposal), entries: entries,
      warnings: clearance.warnings
        + (proposal.truncated == .zero
          ? []
          : [
            "\(proposal.truncated) at the end cannot be used with \(ByteCount(proposal.align ?? 0)) alignment"
          ]),
      saves: keeps ? [] : [.head(namespace: dev)],
      isDestructive: !keeps, harmsUsers: clearance.harmsUsers)
  }

  private func resizing(_ proposal: NamespaceProposal) -> Plan.Entry {
    let isLarger = proposal.taken > namespace.rawSize
    let side = !isLarger ? "at its end" : moves(proposal) ? "before its beginning, which moves" : "at its end"
    let (new, old) = (proposal.taken.rawValue, namespace.rawSize.rawValue)
    let change = ByteCount(isLarger ? new - old : old - new)
    return Plan.Entry(
      .resize(namespace: namespace.dev, size: proposal.taken),
      "\(isLarger ? "add" : "free") \(change) \(side)",
      loses: moves(proposal) ? "where \(namespace.dev) began" : nil)
  }

  /// Ranges that the kernel writes on the device beside info blocks: their old content is not saved.
  private func overwritten(_ proposal: NamespaceProposal) -> String? {
    switch proposal.mode {
    case .raw: nil
    case .sector: "the content of the BTT's map and log, \(proposal.overhead) at most"
    case .fsdax, .devdax:
      proposal.map == .dev && proposal.needsClaim
        ? "the content of the memory map's range, from 8 KiB to \(proposal.overhead)" : nil
    }
  }

  private func facts(_ proposal: NamespaceProposal) -> [Plan.Fact] {
    let mode =
      proposal.mode == namespace.mode ? "as before" : "instead of \(namespace.mode)"
    let size = proposal.taken == namespace.rawSize ? "as before" : "instead of \(namespace.rawSize)"
    return [
      Plan.Fact("mode", "\(proposal.mode)", mode),
      Plan.Fact("take", "\(proposal.taken)", size),
      Plan.Fact(
        "usable", proposal.usable.exact,
        proposal.usable == namespace.size ? "as before" : "instead of \(namespace.size.exact)"),
    ] + NamespaceCreatePlan.costs(proposal)
  }
}
