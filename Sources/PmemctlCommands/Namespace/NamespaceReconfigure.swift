import ArgumentParser
import PmemDevice
import PmemInspect
import PmemOutput

struct NamespaceReconfigure: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "reconfigure", abstract: "Change the mode, size or layout of a namespace.",
    discussion: """
      Settings without an option stay as they are. The content of the namespace is lost, unless only its name changes, \
      or a raw one grows or gets another UUID; its labels and info blocks are saved for undo.
      """)

  @Argument(
    help: ArgumentHelp("Kernel name, device, own name or UUID.", valueName: "namespace"),
    completion: .names(.namespaces))
  var namespace: String

  @Option(name: .shortAndLong, help: "fsdax, devdax, sector or raw.")
  var mode: String?

  @Option(name: .shortAndLong, help: "Raw size in the region: 16GiB, 50% (of the region) or max.")
  var size: String?

  @Option(name: .long, help: "Usable size to provide, instead of --size: 16GiB, 50% (of the region) or max.")
  var usable: String?

  @Option(
    name: [.customShort("M"), .long],
    help:
      "Location of the memory map: dev (on the device) or mem (in DRAM).")
  var map: String?

  @Option(
    name: .shortAndLong,
    help: "Alignment of the mapping: 4KiB, 2MiB or 1GiB; by default the largest up to 2MiB.")
  var align: String?

  @Option(
    name: [.customShort("l"), .customLong("sector-size")],
    help: ArgumentHelp("Sector size of sector mode.", valueName: "bytes"))
  var sectorSize: String?

  @Option(name: [.customShort("N"), .long], help: "New name, up to 63 bytes.")
  var name: String?

  @Option(name: .shortAndLong, help: "New UUID.")
  var uuid: String?

  @Flag(name: .shortAndLong, help: "Also if it is enabled.")
  var force = false

  @OptionGroup var dangers: DangerOptions
  @OptionGroup var change: ChangeOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let request = try request()
    try Change(context, change, output, machine).run { backend, inventory in
      let old = try NameResolver(inventory).namespace(namespace, for: "reconfigure")
      let outcome = try NamespaceReconfigurePlanner(
        old, as: ProbedNamespace(old, on: backend).namespace, in: inventory, inspector: backend,
        contents: ContentProbe(backend), accepting: dangers.accepted
      ).plan(request)
      return Change.Planned(plan: outcome.plan, json: outcome.json, subject: (outcome, old))
    } report: { planned, backend in
      try report(planned.subject.0, planned.subject.1, on: backend, context)
    }
  }

  private func request() throws(DeviceError) -> NamespaceReconfigureRequest {
    let words = NamespaceShapeOptions(
      size: size, usable: usable, map: map, align: align, sectorSize: sectorSize)
    var request = NamespaceReconfigureRequest(
      mode: try mode.map(parseMode), map: try words.parsedMap(), align: try words.parsedAlign(),
      sectorSize: try words.parsedSectorSize(), name: name, uuid: try uuid.map(parseUUID), force: force)
    if let (amount, measure) = try words.parsedAmount() {
      request.amount = amount
      request.measure = measure
    }
    guard
      request.mode != nil || request.map != nil || request.align != nil || request.sectorSize != nil
        || request.amount != nil || request.name != nil || request.uuid != nil
    else {
      throw DeviceError(
        .usage, "nothing to change",
        details: ["give --mode, --size, --usable, --map, --align, --sector-size, --name or --uuid"])
    }
    return request
  }

  private func report(
    _ outcome: NamespaceReconfigurePlanner.Outcome, _ old: Namespace, on backend: any DeviceBackend,
    _ context: CommandContext
  ) throws {
    guard let now = try backend.inventory(.listing).namespaces.first(where: { $0.dev == old.dev }) else {
      throw DeviceError(.failed, "\(old.dev) was reconfigured, but no longer exists")
    }
    if let proposal = outcome.proposal, !outcome.plan.entries.isEmpty, now.size != proposal.usable {
      context.note(
        "\(now.dev) has \(now.size.exact) to use, not the \(proposal.usable.exact) that were planned: please report this"
      )
    }
    guard !output.json else { return try context.out.write(JSON.object(now.json).text) }
    guard !outcome.plan.entries.isEmpty else { return }
    let node = now.node.map { ", /dev/\($0)" } ?? ""
    try context.out.write("reconfigured \(now.title.sanitized): \(now.mode), \(now.size) usable\(node)\n")
  }
}

extension NamespaceReconfigurePlanner.Outcome {
  /// The plan's JSON with its numbers, as those of a new namespace.
  var json: JSONObject {
    var object = PlanRendering(plan).json
    guard let proposal else { return object }
    object.add("region", proposal.region.dev)
    object.add("namespace", proposal.namespace.dev)
    object.add(numbersOf: proposal)
    return object
  }
}
