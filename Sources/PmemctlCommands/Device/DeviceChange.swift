import ArgumentParser
import PmemDevice
import PmemOutput

/// Which DAX devices a verb is about.
struct DeviceSelection: ParsableArguments {
  @Argument(
    help: ArgumentHelp("dax0.0, /dev/dax0.0, or its namespace; all for every one.", valueName: "device"))
  var names: [String]
}

/// What the verbs that change DAX devices have in common.
struct DeviceChange {
  let context: CommandContext
  let names: [String]
  let change: ChangeOptions
  let output: OutputOptions
  let machine: MachineOptions
  var accepted: AcceptedDangers = []

  /// Plans, runs, and shows what became of them.
  ///
  /// - Parameters:
  ///   - verb: `enabled`: of what was changed.
  ///   - plan: Makes the plan of the devices named.
  /// - Throws: What stopped it.
  func run(
    verb: String, plan: (DaxDevicePlanner, [PlacedDaxDevice]) throws(DeviceError) -> Plan
  ) throws {
    let backend = try context.open(machine, forWriting: !change.dryRun)
    let inventory = try backend.inventory(.planning)
    let before = try NameResolver(inventory).devices(names)
    let plan = try plan(DaxDevicePlanner(inventory, inspector: backend, accepting: accepted), before)
    let runner = ChangeRunner(
      context: context, backend: backend, options: change, machine: machine, isJSON: output.json)
    guard try runner.run(plan, from: inventory) else { return }
    let all = try backend.inventory(.listing).daxDevices
    // What is new is shown too, and what is gone as it was.
    let known = inventory.daxDevices.map(\.device.chardev)
    let now =
      before.map { old in all.first { $0.device.chardev == old.device.chardev } ?? old }
      + all.filter { !known.contains($0.device.chardev) }
    guard !output.json else { return try context.out.write(JSON.array(now.map(\.json)).text) }
    guard !plan.entries.isEmpty else { return }
    let changed = Set(plan.entries.map(\.step.target))
    let shown = now.filter { changed.contains($0.device.chardev) || !known.contains($0.device.chardev) }
    try context.out.write(shown.map { "\(verb) \($0.device.chardev)\(Self.words($0.device))\n" }.joined())
  }

  private static func words(_ device: DaxDevice) -> String {
    guard device.isEnabled else { return "" }
    guard let memory = device.memory else { return ": \(device.mode.rawValue), \(device.size)" }
    return
      ": system-ram, \(memory.online) of \(memory.total) blocks of \(ByteCount(memory.size)) online on node "
      + "\(device.targetNode)"
  }
}
