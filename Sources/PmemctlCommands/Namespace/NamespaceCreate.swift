import ArgumentParser
import PmemDevice
import PmemInspect
import PmemOutput

struct NamespaceCreate: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "Create a namespace.",
    discussion: """
      Without --region, the region in which it leaves the smallest hole is used. The plan, with the exact usable size, \
      is made before anything is changed; --dry-run shows it.
      """)

  @Option(
    name: .shortAndLong, help: "fsdax, devdax, sector or raw.",
    completion: .list(NamespaceMode.allCases.map(\.rawValue)))
  var mode = "fsdax"

  @Option(
    name: .shortAndLong,
    help:
      "Raw size to allocate from the region: 16GiB, 50% (of the region) or max, the default.")
  var size: String?

  @Option(name: .long, help: "Usable size to provide, instead of --size: 16GiB, 50% (of the region) or max.")
  var usable: String?

  @Option(
    name: [.customShort("M"), .long],
    help:
      "Location of the memory map: dev (on the device) or mem (in DRAM).",
    completion: .list(["dev", "mem"]))
  var map: String?

  @Option(
    name: .shortAndLong,
    help: "Alignment of the mapping: 4KiB, 2MiB or 1GiB; by default the largest up to 2MiB.",
    completion: .list(["4KiB", "2MiB", "1GiB"]))
  var align: String?

  @Option(
    name: [.customShort("l"), .customLong("sector-size")],
    help: ArgumentHelp(
      "Logical sector size: 512 or 4096; in sector mode also with metadata, such as 520 or 4104.",
      valueName: "bytes"))
  var sectorSize: String?

  @Option(name: [.customShort("N"), .long], help: "Name of the namespace, up to 63 bytes.")
  var name: String?

  @Option(name: .shortAndLong, help: "UUID of the namespace.")
  var uuid: String?

  @Option(name: .shortAndLong, help: "Region to allocate from.", completion: .names(.regions))
  var region: String?

  @Option(name: .shortAndLong, help: "Only regions on this bus.", completion: .names(.buses))
  var bus: String?

  @Flag(
    name: .customLong("each-region"),
    help:
      "Create one on each region with room for it, instead of one on the best region; if any fails, none is kept."
  )
  var eachRegion = false

  @Flag(
    name: .shortAndLong,
    help: "Also recreate the enabled namespace of a label-less region; its content is lost.")
  var force = false

  @OptionGroup var dangers: DangerOptions
  @OptionGroup var change: ChangeOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    // All that can be wrong with the words is found before a device is looked at.
    var request = try request()
    try request.validate()
    try Change(context, change, output, machine).run { backend, inventory in
      request.regions = try NameResolver(inventory).regions(region.map { [$0] } ?? [], onBus: bus)
      let planned = try plans(request, inventory, backend)
      let plan = eachRegion ? Self.merged(planned) : planned[0].plan
      let json = eachRegion ? PlanRendering(plan).json(with: planned) : planned[0].json
      return Change.Planned(plan: plan, json: json, subject: planned)
    } report: { planned, backend in
      try report(planned.subject, on: backend, context)
    }
  }

  private func plans(
    _ request: NamespaceCreateRequest, _ inventory: Inventory, _ backend: any CommandContext.Backend
  ) throws(DeviceError) -> [NamespaceCreatePlan] {
    var planned: [NamespaceCreatePlan] = []
    if eachRegion {
      planned = try EachRegionPlanner(request, inventory: inventory).plans()
    } else {
      planned = [try NamespaceCreatePlanner(request, inventory: inventory).plan()]
    }
    // A label-less region's namespace is made of one that is there.
    for index in planned.indices where !planned[index].proposal.region.isLabeled {
      let loss = try NamespaceStatePlanner(
        inventory, inspector: backend, contents: ContentProbe(backend), accepting: dangers.accepted
      ).refuseLoss([planned[index].proposal.namespace], verb: "recreate")
      planned[index].add(warnings: loss.warnings, harmsUsers: loss.harmsUsers)
    }
    return planned
  }

  private static func merged(_ planned: [NamespaceCreatePlan]) -> Plan {
    Plan(
      title: "create \(counted(planned.count, "namespace")), one on each of "
        + planned.map(\.proposal.region.dev).joined(separator: ", "),
      facts: planned.map { each in
        Plan.Fact(
          each.proposal.region.dev, "\(each.proposal.taken)",
          "\(each.proposal.namespace.dev), \(each.proposal.usable) usable")
      },
      entries: planned.flatMap(\.plan.entries), warnings: planned.flatMap(\.plan.warnings),
      saves: planned.flatMap(\.plan.saves), isDestructive: planned.contains { $0.plan.isDestructive },
      harmsUsers: planned.contains { $0.plan.harmsUsers })
  }

  private func request() throws(DeviceError) -> NamespaceCreateRequest {
    let words = NamespaceShapeOptions(
      size: size, usable: usable, map: map, align: align, sectorSize: sectorSize)
    var request = NamespaceCreateRequest(
      mode: try parseMode(mode), map: try words.parsedMap(), align: try words.parsedAlign(),
      sectorSize: try words.parsedSectorSize(), regions: [])
    if let (amount, measure) = try words.parsedAmount() {
      request.amount = amount
      request.measure = measure
    }
    request.uuid = try uuid.map(parseUUID)
    request.name = name
    guard !eachRegion || name == nil && uuid == nil else {
      throw DeviceError(.usage, "--each-region creates several: they cannot share one --name or --uuid")
    }
    request.isRegionGiven = region != nil && region != "all"
    request.force = force
    return request
  }

  /// Reads the namespace that the kernel created, and reports it.
  private func report(
    _ planned: [NamespaceCreatePlan], on backend: any DeviceBackend, _ context: CommandContext
  ) throws {
    let inventory = try backend.inventory(.listing)
    var values: [JSON] = []
    for plan in planned {
      let proposal = plan.proposal
      let dev = proposal.namespace.dev
      guard let namespace = inventory.namespaces.first(where: { $0.dev == dev }) else {
        throw DeviceError(.failed, "\(dev) was created, but no longer exists")
      }
      if namespace.size != proposal.usable {
        context.note(
          "\(dev) has \(namespace.size.exact) to use, not the \(proposal.usable.exact) that were planned: "
            + "please report this")
      }
      values.append(.object(namespace.json))
      guard !output.json else { continue }
      let node = namespace.node.map { ", /dev/\($0)" } ?? ""
      try context.out.write(
        "created \(namespace.title.sanitized) on \(proposal.region.dev)\(plan.choice): \(namespace.mode), "
          + "\(namespace.size) usable\(node)\n")
    }
    guard output.json else { return }
    try context.out.write(eachRegion ? JSON.array(values).text : values[0].text)
  }
}
