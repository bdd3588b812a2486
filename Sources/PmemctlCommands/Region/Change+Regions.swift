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
      let disabled = verb == "enabled" ? inventory.cxl.regions.filter(\.isDisabled) : []
      var others = names
      for name in names where name != "all" {
        guard let listed = try? NameResolver(inventory).listedRegions([name], onBus: nil).first,
          listed.region == nil, let cxl = listed.cxl
        else { continue }
        guard disabled.contains(cxl) else {
          throw planner.unsupported(cxl, verb: String(verb.dropLast()))
        }
        others.removeAll { $0 == name }
      }
      let regions = others.isEmpty ? [] : try NameResolver(inventory).regions(others)
      var plan = try plan(planner, regions)
      let wanted = disabled.filter { names.contains($0.dev) || names.contains("all") }
      plan.entries += wanted.compactMap(RegionStatePlanner.enabling)
      if regions.isEmpty { plan.title = "enable \(wanted.map(\.dev).joined(separator: ", "))" }
      return Planned(plan: plan, subject: regions.map(\.dev) + wanted.map(\.dev))
    } report: { planned, backend in
      let now = try backend.inventory(.listing).regions.filter { planned.subject.contains($0.dev) }
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
