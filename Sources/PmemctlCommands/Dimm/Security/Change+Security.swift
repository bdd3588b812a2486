import ArgumentParser
import PmemDevice
import PmemOutput

extension Change {
  /// Changes the security of DIMMs.
  ///
  /// - Parameters:
  ///   - names: As on the command line.
  ///   - plan: Makes the plan for the DIMMs named; it gets the inspectors of users and content.
  /// - Throws: The error that stopped it.
  func security(
    _ names: [String],
    plan: (SecurityPlanner, [DIMM], any CommandContext.Backend) throws(DeviceError) -> Plan
  ) throws {
    try run { backend, inventory in
      let dimms = try NameResolver(inventory).dimms(names)
      let known = zip(dimms.map(\.dev), try backend.security(of: dimms))
      let planner = SecurityPlanner(inventory, security: Dictionary(known) { first, _ in first })
      return Planned(plan: try plan(planner, dimms, backend), subject: dimms)
    } report: { planned, backend in
      let reports = zip(planned.subject, try backend.security(of: planned.subject)).map {
        SecurityReport($0, $1)
      }
      guard !output.json else { return try write(reports.map { .object($0.json) }) }
      let columns = try ListColumns(SecurityColumns.all, ListOptions.parse([]), isJSON: false)
      try context.out.write(columns.text(reports, in: context))
    }
  }
}
