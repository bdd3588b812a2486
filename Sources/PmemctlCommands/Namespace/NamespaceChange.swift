import ArgumentParser
import PmemDevice
import PmemInspect
import PmemOutput

/// Which namespaces a verb is about.
struct NamespaceSelection: ParsableArguments {
  @Argument(
    help: ArgumentHelp("Kernel name, device, own name or UUID; all for every one.", valueName: "namespace"))
  var names: [String]

  @Option(name: .shortAndLong, help: "Only those on this region.")
  var region: String?

  @Option(name: .shortAndLong, help: "Only those on this bus.")
  var bus: String?

  func resolve(_ inventory: Inventory) throws(DeviceError) -> [Namespace] {
    let resolver = NameResolver(inventory)
    return try resolver.namespaces(names, in: try resolver.regions(region.map { [$0] } ?? [], onBus: bus))
  }
}

/// What the verbs that change existing namespaces have in common.
struct NamespaceChange {
  let context: CommandContext
  let which: NamespaceSelection
  let change: ChangeOptions
  let output: OutputOptions
  let machine: MachineOptions
  var accepted: AcceptedDangers = []

  func run(
    verb: String, plan: (NamespaceStatePlanner, [Namespace]) throws(DeviceError) -> Plan
  ) throws {
    let backend = try context.open(machine, forWriting: !change.dryRun)
    let inventory = try backend.inventory(.planning)
    let before = try which.resolve(inventory)
    let plan = try plan(
      NamespaceStatePlanner(
        inventory, inspector: backend, contents: ContentProbe(backend), accepting: accepted), before)
    let runner = ChangeRunner(
      context: context, backend: backend, options: change, machine: machine, isJSON: output.json)
    guard try runner.run(plan, from: inventory) else { return }
    let after = try backend.inventory(.listing).namespaces
    // A destroyed namespace is shown as it was.
    let now = before.map { old in after.first { $0.dev == old.dev && !$0.isIdle } ?? old }
    guard !output.json else { return try context.out.write(JSON.array(now.map { .object($0.json) }).text) }
    let changed = Set(plan.entries.map(\.step.target))
    let lines = now.filter { changed.contains($0.dev) }.map { namespace in
      let node = verb == "enabled" ? namespace.node.map { ": /dev/\($0)" } ?? "" : ""
      return "\(verb) \(namespace.title.sanitized)\(node)\n"
    }
    try context.out.write(lines.joined())
  }
}
