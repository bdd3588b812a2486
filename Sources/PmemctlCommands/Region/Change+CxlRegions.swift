import PmemDevice
import PmemOutput

extension Change {
  /// Creates or removes CXL regions.
  ///
  /// - Parameters:
  ///   - verb: `created`: the word for those that were changed.
  ///   - plan: Makes the plan.
  /// - Throws: The error that stopped it; ``DeviceError/Code/unsupported`` on a machine without CXL.
  func cxlRegions(
    verb: String, plan: (CxlRegionPlanner, Inventory) throws(DeviceError) -> Plan
  ) throws {
    try run { backend, inventory in
      guard !inventory.cxl.isEmpty else {
        throw DeviceError(
          .unsupported, "this machine has no CXL memory",
          details: backend.isSimulated
            ? []
            : [
              "if it should have some, a driver may be missing: modprobe -a cxl_acpi cxl_pci cxl_port cxl_mem"
            ])
      }
      let planner = CxlRegionPlanner(inventory, inspector: backend, accepting: accepted)
      return Planned(plan: try plan(planner, inventory), subject: ())
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
