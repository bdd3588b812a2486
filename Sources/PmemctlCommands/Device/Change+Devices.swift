import ArgumentParser
import PmemDevice
import PmemOutput

/// Which DAX devices a verb is about.
struct DeviceSelection: ParsableArguments {
  @Argument(
    help: ArgumentHelp("dax0.0, /dev/dax0.0, or its namespace; all for every one.", valueName: "device"),
    completion: .names(.devices))
  var names: [String]
}

extension Change {
  /// Changes DAX devices.
  ///
  /// - Parameters:
  ///   - names: As on the command line.
  ///   - verb: `enabled`: the word for those that were changed.
  ///   - plan: Makes the plan of the devices named.
  /// - Throws: The error that stopped it.
  func devices(
    _ names: [String], verb: String, plan: (DaxDevicePlanner, [DaxDeviceLocation]) throws(DeviceError) -> Plan
  ) throws {
    var known: [String] = []
    try run { backend, inventory in
      let before = try NameResolver(inventory).devices(names)
      known = inventory.daxDevices.map(\.device.chardev)
      let planner = DaxDevicePlanner(inventory, inspector: backend, accepting: accepted)
      return Planned(plan: try plan(planner, before), subject: before)
    } report: { planned, backend in
      let all = try backend.inventory(.listing).daxDevices
      // New devices are shown too, and removed ones as they were.
      let now =
        planned.subject.map { old in all.first { $0.device.chardev == old.device.chardev } ?? old }
        + all.filter { !known.contains($0.device.chardev) }
      guard !output.json else { return try write(now.map(\.json)) }
      guard !planned.plan.entries.isEmpty else { return }
      let changed = Set(planned.plan.entries.map(\.step.target))
      let shown = now.filter { changed.contains($0.device.chardev) || !known.contains($0.device.chardev) }
      try context.out.write(
        shown.map { "\(verb) \($0.device.chardev)\(Self.words($0.device))\n" }.joined())
    }
  }

  private static func words(_ device: DaxDevice) -> String {
    guard device.isEnabled else { return "" }
    guard let memory = device.memory else { return ": \(device.mode.rawValue), \(device.size)" }
    return
      ": system-ram, \(memory.online) of \(memory.total) blocks of \(ByteCount(memory.size)) online on node "
      + "\(device.targetNode)"
  }
}
