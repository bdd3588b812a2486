import PmemDevice
import PmemOutput

/// What enabling and disabling DIMMs have in common.
struct DimmChange {
  let context: CommandContext
  let names: [String]
  let change: ChangeOptions
  let output: OutputOptions
  let machine: MachineOptions
  var accepted: AcceptedDangers = []

  func run(verb: String, plan: (DimmStatePlanner, [DIMM]) throws(DeviceError) -> Plan) throws {
    let backend = try context.open(machine, forWriting: !change.dryRun)
    let inventory = try backend.inventory(.planning)
    let dimms = try NameResolver(inventory).dimms(names)
    let plan = try plan(DimmStatePlanner(inventory, inspector: backend, accepting: accepted), dimms)
    let runner = ChangeRunner(
      context: context, backend: backend, options: change, machine: machine, isJSON: output.json)
    guard try runner.run(plan, from: inventory) else { return }
    let now = try backend.inventory(.listing).dimms.filter { dimm in dimms.contains { $0.dev == dimm.dev } }
    guard !output.json else { return try context.out.write(JSON.array(now.map { .object($0.json) }).text) }
    let changed = Set(plan.entries.map(\.step.target))
    try context.out.write(now.filter { changed.contains($0.dev) }.map { "\(verb) \($0.dev)\n" }.joined())
  }
}
