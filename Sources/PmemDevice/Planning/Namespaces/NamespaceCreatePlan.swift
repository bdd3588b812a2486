/// A plan to create a namespace, with the numbers that it rests on.
public struct NamespaceCreatePlan: Hashable, Sendable {
  public private(set) var plan: Plan
  public let proposal: NamespaceProposal
  /// UUID of the label; nil if there is none.
  public let uuid: DeviceUUID?
  /// Why this region, ` (best fit of 2 regions with room)`; empty if it was named.
  public let choice: String

  init(
    request: NamespaceCreateRequest, proposal: NamespaceProposal, candidates: Int, uuid: DeviceUUID,
    warnings: [String]
  ) {
    self.proposal = proposal
    self.uuid = proposal.region.isLabeled ? uuid : nil
    let region = proposal.region
    choice =
      request.isRegionGiven || request.regions.count == 1
      ? ""
      : candidates == 1
        ? " (the only region of \(request.regions.count) that can have it)"
        : " (\(request.amount == .max ? "largest" : "best fit") of \(candidates) regions with room)"
    plan = Plan(
      title: "create a namespace on \(region.dev)\(choice)",
      facts: Self.facts(request, proposal),
      entries: region.isLabeled
        ? Self.labeledSteps(request, proposal, uuid: uuid) : Self.labellessSteps(proposal),
      warnings: warnings, saves: region.isLabeled ? [] : [.head(namespace: proposal.namespace.dev)],
      isDestructive: !region.isLabeled)
  }

  /// Adds what a check of the present namespace found.
  public mutating func add(warnings: [String], harmsUsers: Bool) {
    plan.warnings += warnings
    plan.harmsUsers = plan.harmsUsers || harmsUsers
  }

  // MARK: Steps

  private static func labeledSteps(
    _ request: NamespaceCreateRequest, _ proposal: NamespaceProposal, uuid: DeviceUUID
  ) -> [Plan.Entry] {
    let dev = proposal.namespace.dev
    let name = request.name.map { " \"\($0)\"" } ?? ""
    // The label of a sector-mode namespace keeps 512: the BTT has its own sector size (ndctl does the same if the label
    // cannot hold the BTT's).
    let labelSector =
      proposal.mode == .sector && ![512, 4096].contains(proposal.sectorSize ?? 512)
      ? nil : proposal.sectorSize
    let allocation = Allocation(
      namespace: dev, uuid: uuid, name: request.name, size: proposal.taken, sectorSize: labelSector)
    return [
      Plan.Entry(
        .allocate(allocation), "allocate \(proposal.taken) from \(proposal.region.dev) as \(dev)\(name)")
    ] + claimSteps(proposal)
  }

  private static func labellessSteps(_ proposal: NamespaceProposal) -> [Plan.Entry] {
    let namespace = proposal.namespace
    var entries: [Plan.Entry] = []
    if namespace.isEnabled {
      entries.append(
        Plan.Entry(
          .disable(namespace: namespace.dev), "disable \(namespace.dev)"))
    }
    entries.append(
      Plan.Entry(
        .zeroInfoBlock(namespace: namespace.dev), "overwrite the first 8 KiB of \(namespace.dev) with zeros",
        loses:
          "the first 8 KiB of \(namespace.dev), where an info block, a filesystem or a partition table starts"
      ))
    return entries + claimSteps(proposal)
  }

  /// The claim, if the mode has one, and enabling it.
  static func claimSteps(_ proposal: NamespaceProposal) -> [Plan.Entry] {
    let dev = proposal.namespace.dev
    var entries: [Plan.Entry] = []
    if proposal.needsClaim {
      let align = ByteCount(proposal.align ?? 0)
      let location = proposal.map == .mem ? "in DRAM" : "on the device"
      let claim: (Claim, String) =
        switch proposal.mode {
        case .devdax:
          (
            .devdax(map: proposal.map, align: align.rawValue, uuid: .random()),
            "claim it as devdax, memory map \(location), alignment \(align)"
          )
        case .sector:
          (
            .sector(size: proposal.sectorSize ?? 4096, uuid: .random()),
            "claim it as sector, sector size \(proposal.sectorSize ?? 4096)"
          )
        case .fsdax, .raw:
          (
            .fsdax(map: proposal.map, align: align.rawValue, uuid: .random()),
            "claim it as fsdax, memory map \(location), alignment \(align)"
          )
        }
      entries.append(
        Plan.Entry(.claim(namespace: dev, claim.0), claim.1))
    }
    entries.append(Plan.Entry(.enable(namespace: dev), "enable \(dev)"))
    return entries
  }

  // MARK: Facts

  private static func facts(
    _ request: NamespaceCreateRequest, _ proposal: NamespaceProposal
  ) -> [Plan.Fact] {
    [
      Plan.Fact("take", "\(proposal.taken)", takenNote(request, proposal)),
      Plan.Fact("usable", proposal.usable.exact, usableNote(request, proposal)),
    ] + costs(proposal)
  }

  /// Its overhead, and its result.
  static func costs(_ proposal: NamespaceProposal) -> [Plan.Fact] {
    var facts: [Plan.Fact] = []
    switch proposal.mode {
    case .fsdax, .devdax:
      if proposal.needsClaim {
        facts.append(
          Plan.Fact(
            proposal.map == .dev ? "memmap" : "overhead", "\(proposal.overhead)",
            proposal.map == .dev
              ? "on the device (--map mem would put it into DRAM)"
              : "on the device, for the info block and alignment"))
      }
      if proposal.map == .mem {
        facts.append(
          Plan.Fact("DRAM", proposal.dram.exact, "taken while it is enabled (--map dev would not)"))
      }
    case .sector:
      facts.append(
        Plan.Fact(
          "overhead", "\(proposal.overhead)", "on the device, for the BTT's map, log and spare blocks"))
    case .raw: break
    }
    facts.append(Plan.Fact("result", result(proposal), resultNote(proposal)))
    return facts
  }

  private static func takenNote(_ request: NamespaceCreateRequest, _ proposal: NamespaceProposal) -> String {
    guard proposal.region.isLabeled else {
      return "all of \(proposal.region.dev): it has no labels and cannot be divided"
    }
    let location = proposal.offset == 0 ? "at its start" : "at offset \(ByteCount(proposal.offset))"
    let unit = ByteCount(proposal.region.align)
    switch (request.amount, request.measure) {
    case (.bytes(let asked), .usable):
      return "\(location), the least multiple of \(proposal.region.dev)'s \(unit) that leaves \(asked)"
    case (.percent(let share), .taken):
      return "\(location), \(share)% of \(proposal.region.dev) rounded down to its \(unit)"
    case (.percent(let share), .usable):
      return "\(location), the least multiple of \(proposal.region.dev)'s \(unit) that leaves \(share)% of it"
    case (.max, _): return "\(location), the largest free extent"
    case (.bytes, .taken): return location
    }
  }

  private static func usableNote(_ request: NamespaceCreateRequest, _ proposal: NamespaceProposal) -> String {
    if case .bytes(let asked) = request.amount, request.measure == .usable { return "\(asked) asked" }
    return ""
  }

  private static func result(_ proposal: NamespaceProposal) -> String {
    let namespace = proposal.namespace
    let number = namespace.id == 0 ? "\(namespace.regionID)" : "\(namespace.regionID).\(namespace.id)"
    return switch proposal.mode {
    case .devdax: "/dev/dax\(namespace.regionID).\(namespace.id)"
    case .sector: "/dev/pmem\(number)s"
    case .fsdax, .raw: "/dev/pmem\(number)"
    }
  }

  private static func resultNote(_ proposal: NamespaceProposal) -> String {
    switch proposal.mode {
    case .fsdax: "\(ByteCount(proposal.align ?? 4096)) alignment, DAX through a filesystem"
    case .devdax: "\(ByteCount(proposal.align ?? 4096)) alignment, DAX by mmap"
    case .sector: "\(proposal.sectorSize ?? 4096) byte sectors written whole or not at all, no DAX"
    case .raw: "a plain block device, no DAX"
    }
  }
}
