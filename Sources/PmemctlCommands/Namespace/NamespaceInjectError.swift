import ArgumentParser
import PmemDevice
import PmemInspect
import PmemOutput

struct NamespaceInjectError: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "inject-error",
    abstract: "Inject errors into blocks of a namespace, to test what handles them.",
    discussion: """
      The blocks cannot be read from then on, and a process that touches them through DAX is killed. After they are \
      withdrawn, the kernel lists them until namespace clear-errors. Takes a platform with error injection; sim inject-error \
      spoils the media of simulated machines.
      """)

  @Argument(
    help: ArgumentHelp("Kernel name, device, own name or UUID.", valueName: "namespace"),
    completion: .names(.namespaces))
  var namespace: String

  @Option(
    name: [.customShort("B"), .long],
    help: ArgumentHelp(
      "First block of 512 bytes, counted from the start of the usable area.", valueName: "block"))
  var block: UInt64?

  @Option(
    name: .shortAndLong, help: ArgumentHelp("Number of blocks; 1 by default.", valueName: "count"))
  var count: UInt64?

  @Flag(name: .long, help: "Do not notify the kernel: it knows of the errors after the next scrub.")
  var silent = false

  @Flag(name: .long, help: "Withdraw injected errors: those of the blocks named, or all.")
  var withdraw = false

  @Flag(name: .long, help: "List injected errors, and change nothing.")
  var list = false

  @OptionGroup var dangers: DangerOptions
  @OptionGroup var change: ChangeOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    try check()
    guard !list else { return try show(in: context) }
    let extent = (block ?? count).map { _ in Extent(offset: (block ?? 0) * 512, length: (count ?? 1) * 512) }
    try Change(context, change, output, machine, accepting: dangers.accepted).run { backend, inventory in
      let found = try NameResolver(inventory).namespace(namespace, for: "inject-error")
      let planner = NamespaceStatePlanner(
        inventory, inspector: backend, contents: ContentProbe(backend), accepting: dangers.accepted)
      let injected = try backend.injectedErrors(of: [found])[0]
      let plan =
        try withdraw
        ? planner.withdrawErrors(found, in: extent, injected: injected)
        : planner.injectErrors(
          found, extent ?? Extent(offset: 0, length: 0), isSilent: silent, injected: injected)
      return Change.Planned(plan: plan, subject: found)
    } report: { planned, backend in
      try write(planned.subject, backend, context)
      guard withdraw, !planned.plan.entries.isEmpty, !output.json else { return }
      let inventory = try backend.inventory(.listing)
      guard let now = inventory.namespaces.first(where: { $0.dev == planned.subject.dev }),
        now.badblockCount > 0
      else { return }
      context.note(
        "the kernel lists \(counted(now.badblockCount, "bad block")) until they are cleared: "
          + context.text("pmemctl namespace clear-errors \(now.dev)"))
    }
  }

  private func check() throws(DeviceError) {
    guard (block ?? 0) < 1 << 50, (count ?? 0) < 1 << 50 else {
      throw DeviceError(.usage, "--block and --count are numbers of blocks on the device")
    }
    guard [silent, withdraw, list].count(where: \.self) <= 1 else {
      throw DeviceError(.usage, "--silent, --withdraw and --list exclude each other")
    }
    guard withdraw || list || block != nil else {
      throw DeviceError(
        .usage, "there is nothing to inject",
        details: ["for example: --block 8 --count 2; or --withdraw, --list"])
    }
  }

  private func show(in context: CommandContext) throws {
    let backend = try context.open(machine, forWriting: false)
    let found = try NameResolver(try backend.inventory(.listing)).namespace(namespace, for: "inject-error")
    guard try backend.injectedErrors(of: [found])[0] != nil else {
      throw DeviceError(
        .unsupported, "cannot list the injected errors of \(found.dev): its bus has no error injection",
        details: ["QEMU's, e820's and virtio's have none"], errno: 95)
    }
    try write(found, backend, context)
  }

  private func write(
    _ namespace: Namespace, _ backend: any CommandContext.Backend, _ context: CommandContext
  ) throws {
    let injected = try backend.injectedErrors(of: [namespace])[0] ?? []
    guard !output.json else {
      return try context.out.write(JSON.array(injected.map { .object($0.blocksJSON) }).text)
    }
    var table = Table([("block", .right), ("count", .right)])
    for extent in injected { table.add(["\(extent.offset / 512)", "\(extent.length / 512)"]) }
    try context.out.write(
      injected.isEmpty ? "no injected errors in \(namespace.title.sanitized)\n" : table.text)
  }
}

extension Extent {
  /// Keys: `block`, `count`, both of 512 bytes.
  fileprivate var blocksJSON: JSONObject {
    var object = JSONObject()
    object.add("block", offset / 512)
    object.add("count", length / 512)
    return object
  }
}
