import PmemDevice
import PmemOutput

extension Change {
  /// Enables or disables regions.
  ///
  /// - Parameters:
  ///   - names: As on the command line.
  ///   - verb: `enabled`: the word for those that were changed.
  ///   - plan: Makes the plan of the regions named.
  /// - Throws: The error that stopped it.
  func regions(
    _ names: [String], verb: String, plan: (RegionStatePlanner, [Region]) throws(DeviceError) -> Plan
  ) throws {
    try run { backend, inventory in
      let planner = RegionStatePlanner(inventory, inspector: backend, accepting: accepted)
      for name in names where name != "all" {
        guard let listed = try? NameResolver(inventory).listedRegions([name], onBus: nil).first,
          listed.region == nil, let cxl = listed.cxl
        else { continue }
        throw planner.unsupported(cxl, verb: String(verb.dropLast()))
      }
      let regions = try NameResolver(inventory).regions(names)
      return Planned(plan: try plan(planner, regions), subject: regions)
    } report: { planned, backend in
      let now = try backend.inventory(.listing).regions.filter { region in
        planned.subject.contains { $0.id == region.id }
      }
      guard !output.json else { return try write(now.map { .object($0.json(showsIdle: false)) }) }
      let changed = Set(planned.plan.entries.map(\.step.target))
      let text = now.filter { changed.contains($0.dev) }.map { region in
        "\(verb) \(region.dev)"
          + (region.isEnabled ? " with \(counted(region.configuredNamespaces.count, "namespace"))" : "")
          + "\n"
      }
      try context.out.write(text.joined())
    }
  }
}
