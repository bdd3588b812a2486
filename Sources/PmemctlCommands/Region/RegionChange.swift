import ArgumentParser
import PmemDevice
import PmemOutput

/// What enabling and disabling regions have in common.
struct RegionChange {
  let context: CommandContext
  let names: [String]
  let change: ChangeOptions
  let output: OutputOptions
  let machine: MachineOptions
  var accepted: AcceptedDangers = []

  func run(
    verb: String, plan: (RegionStatePlanner, [Region]) throws(DeviceError) -> Plan
  ) throws {
    let backend = try context.open(machine, forWriting: !change.dryRun)
    let inventory = try backend.inventory(.planning)
    let regions = try NameResolver(inventory).regions(names)
    let plan = try plan(RegionStatePlanner(inventory, inspector: backend, accepting: accepted), regions)
    let runner = ChangeRunner(
      context: context, backend: backend, options: change, machine: machine, isJSON: output.json)
    guard try runner.run(plan, from: inventory) else { return }
    let now = try backend.inventory(.listing).regions.filter { region in
      regions.contains { $0.id == region.id }
    }
    guard !output.json else {
      return try context.out.write(JSON.array(now.map { .object($0.json(showsIdle: false)) }).text)
    }
    let changed = Set(plan.entries.map(\.step.target))
    let text = now.filter { changed.contains($0.dev) }.map { region in
      "\(verb) \(region.dev)"
        + (region.isEnabled ? " with \(region.configuredNamespaces.count) namespaces" : "") + "\n"
    }
    try context.out.write(text.joined())
  }
}
