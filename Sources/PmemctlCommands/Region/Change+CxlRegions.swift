import PmemDevice
import PmemOutput

extension Change {
  /// Creates or removes CXL regions.
  ///
  /// - Parameters:
  ///   - verb: `created`: the word for those that were changed.
  ///   - plan: Makes the plan; the last argument is whether the machine is simulated.
  /// - Throws: The error that stopped it.
  func cxlRegions(
    verb: String, plan: (CxlRegionPlanner, Inventory, Bool) throws(DeviceError) -> Plan
  ) throws {
    try run { backend, inventory in
      let planner = CxlRegionPlanner(inventory, inspector: backend, accepting: accepted)
      return Planned(plan: try plan(planner, inventory, backend.isSimulated), subject: ())
    } report: { planned, backend in
      let names = planned.plan.entries.compactMap { entry in
        switch entry.step {
        case .createCxlRegion, .destroyCxlRegion: entry.step.target
        default: nil
        }
      }
      let now = try backend.inventory(.listing)
      let listed = now.listedRegions.filter { names.contains($0.dev) && $0.cxl != nil }
      guard !output.json else { return try write(listed.map { .object($0.json(showsIdle: false)) }) }
      let text = names.map { name in
        guard let region = listed.first(where: { $0.dev == name })?.region else { return "\(verb) \(name)\n" }
        let count = region.configuredNamespaces.count
        return "\(verb) \(name), \(region.size)" + (count > 0 ? ", with \(counted(count, "namespace"))" : "")
          + "\n"
      }
      try context.out.write(text.joined())
    }
  }
}

extension Inventory {
  /// Throws ``DeviceError/Code/unsupported`` if there is no CXL memory.
  func checkCxl(isSimulated: Bool) throws(DeviceError) {
    guard cxl.isEmpty else { return }
    throw DeviceError(
      .unsupported, "this machine has no CXL memory",
      details: isSimulated
        ? []
        : [
          "if it should have some, a driver may be missing: modprobe -a cxl_acpi cxl_pci cxl_port cxl_mem"
        ])
  }
}
