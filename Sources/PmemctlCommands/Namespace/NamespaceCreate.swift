import ArgumentParser
import PmemDevice
import PmemOutput

struct NamespaceCreate: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "Create a namespace.",
    discussion: """
      Without --region, the region where it leaves the smallest hole is taken. The plan, with the exact usable \
      size, is made before anything is touched: see it with --dry-run.
      """)

  @Option(name: .shortAndLong, help: "fsdax, devdax, sector or raw.")
  var mode = "fsdax"

  @Option(name: .shortAndLong, help: "What to take from the region: 16GiB, 50% (of the region) or max.")
  var size: String?

  @Option(name: .long, help: "What must be left to use: 16GiB, 50% (of the region) or max.")
  var usable: String?

  @Option(
    name: [.customShort("M"), .long], help: "Where the memory map goes: dev (the device) or mem (DRAM).")
  var map: String?

  @Option(name: .shortAndLong, help: "Alignment of the mapping: 4KiB, 2MiB or 1GiB.")
  var align: String?

  @Option(
    name: [.customShort("l"), .customLong("sector-size")],
    help: ArgumentHelp("Logical sector size: 512 or 4096; more in sector mode.", valueName: "bytes"))
  var sectorSize: String?

  @Option(name: [.customShort("N"), .long], help: "A name for it, up to 63 bytes.")
  var name: String?

  @Option(name: .shortAndLong, help: "The UUID of its label.")
  var uuid: String?

  @Option(name: .shortAndLong, help: "The region to take it from.")
  var region: String?

  @Option(name: .shortAndLong, help: "Only regions on this bus.")
  var bus: String?

  @Flag(name: .shortAndLong, help: "Also make a label-less region's namespace anew; what is on it is lost.")
  var force = false

  @OptionGroup var change: ChangeOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    // All that can be wrong with the words is found before a device is looked at.
    var request = try request()
    try request.validate()
    let backend = try context.open(machine, forWriting: !change.dryRun)
    let inventory = try backend.inventory(.planning)
    request.regions = try NameResolver(inventory).regions(region.map { [$0] } ?? [], onBus: bus)
    let planned = try NamespaceCreatePlanner(request, inventory: inventory).plan()
    if planned.proposal.namespace.isEnabled {
      try NamespaceStatePlanner(inventory, inspector: backend).refuseUsed(
        [planned.proposal.namespace], verb: "make anew")
    }
    let runner = ChangeRunner(context: context, backend: backend, options: change, isJSON: output.json)
    guard try runner.run(planned.plan, on: inventory.host, json: planned.json) else { return }
    try report(planned, on: backend, context)
  }

  private func request() throws(DeviceError) -> NamespaceCreateRequest {
    guard size == nil || usable == nil else {
      throw DeviceError(.usage, "--size and --usable cannot both be given: one follows from the other")
    }
    var request = NamespaceCreateRequest(mode: try parseMode(mode), regions: [])
    if let size { request.amount = try parseAmount(size, option: "--size") }
    if let usable {
      request.amount = try parseAmount(usable, option: "--usable")
      request.measure = .usable
    }
    if let map {
      guard let location = MapLocation(rawValue: map.lowercased()), location != .none else {
        throw DeviceError(.usage, "--map: \"\(map)\" is neither mem nor dev")
      }
      request.map = location
    }
    if let align { request.align = try parseBytes(align, option: "--align").rawValue }
    if let sectorSize { request.sectorSize = try parseBytes(sectorSize, option: "--sector-size").rawValue }
    if let uuid {
      guard let parsed = DeviceUUID(uuid) else {
        throw DeviceError(
          .usage, "--uuid: \"\(uuid)\" is not a UUID, such as 123e4567-e89b-12d3-a456-426614174000")
      }
      request.uuid = parsed
    }
    request.name = name
    request.isRegionGiven = region != nil && region != "all"
    request.force = force
    return request
  }

  /// Looks at what the kernel made of it, and says so.
  private func report(
    _ planned: NamespaceCreatePlan, on backend: any DeviceBackend, _ context: CommandContext
  ) throws {
    let proposal = planned.proposal
    let dev = proposal.namespace.dev
    guard let namespace = try backend.inventory(.listing).namespaces.first(where: { $0.dev == dev }) else {
      throw DeviceError(.failed, "\(dev) was created, but is not there any more")
    }
    if namespace.size != proposal.usable {
      context.note(
        "\(dev) has \(namespace.size.exact) to use, not the \(proposal.usable.exact) that were planned: please report this"
      )
    }
    guard !output.json else { return try context.out.write(JSON.object(namespace.json).text) }
    let node = namespace.node.map { ", /dev/\($0)" } ?? ""
    try context.out.write(
      "created \(namespace.title.sanitized) on \(proposal.region.dev)\(planned.choice): \(namespace.mode), "
        + "\(namespace.size) usable\(node)\n"
    )
  }
}
