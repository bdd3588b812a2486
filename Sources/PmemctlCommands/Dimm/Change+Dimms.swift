import PmemDevice
import PmemOutput

extension Change {
  /// Enables or disables DIMMs.
  ///
  /// - Parameters:
  ///   - names: As on the command line.
  ///   - verb: `enabled`: the word for those that were changed.
  ///   - plan: Makes the plan of the DIMMs named.
  /// - Throws: The error that stopped it.
  func dimms(
    _ names: [String], verb: String, plan: (DimmStatePlanner, [DIMM]) throws(DeviceError) -> Plan
  ) throws {
    try run { backend, inventory in
      let dimms = try NameResolver(inventory).dimms(names)
      let planner = DimmStatePlanner(inventory, inspector: backend, accepting: accepted)
      return Planned(plan: try plan(planner, dimms), subject: dimms)
    } report: { planned, backend in
      let now = try backend.inventory(.listing).dimms.filter { dimm in
        planned.subject.contains { $0.dev == dimm.dev }
      }
      guard !output.json else { return try write(now.map { .object($0.json) }) }
      let changed = Set(planned.plan.entries.map(\.step.target))
      try context.out.write(now.filter { changed.contains($0.dev) }.map { "\(verb) \($0.dev)\n" }.joined())
    }
  }
}
