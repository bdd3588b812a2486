import ArgumentParser
import PmemDevice
import PmemOutput

extension Change {
  /// Changes the firmware of DIMMs.
  ///
  /// - Parameters:
  ///   - names: As on the command line.
  ///   - make: Makes the plan for the DIMMs named.
  /// - Throws: The error that stopped it.
  func firmware(
    _ names: [String], plan make: (FirmwarePlanner, [DIMM]) throws(DeviceError) -> Plan
  ) throws {
    try run { backend, inventory in
      let dimms = try NameResolver(inventory).dimms(names)
      let planner = try FirmwarePlanner.reading(inventory, dimms, backend)
      return Planned(plan: try make(planner, dimms), subject: dimms)
    } report: { planned, backend in
      try writeFirmware(of: planned.subject, backend)
    }
  }

  /// Prints the firmware of DIMMs, as it is now.
  func writeFirmware(of dimms: [DIMM], _ backend: any CommandContext.Backend) throws {
    let inventory = try backend.inventory(.listing)
    let now = inventory.dimms.filter { dimm in dimms.contains { $0.dev == dimm.dev } }
    let reports = try FirmwareReport.read(now, inventory, backend)
    guard !output.json else { return try write(reports.map { .object($0.json) }) }
    let columns = try ListColumns(FirmwareColumns.all, ListOptions.parse([]), isJSON: false)
    try context.out.write(columns.text(reports, in: context))
    for bus in inventory.buses {
      let armed = reports.filter { report in
        report.firmware?.activation == .armed && bus.dimms.contains { $0.dev == report.dimm.dev }
      }
      guard let first = armed.first, first.activation.state == .overflow else { continue }
      context.note(
        "the armed DIMMs of \(bus.dev) take longer together than the platform permits: "
          + "disarm some before they are activated")
    }
  }
}

extension FirmwarePlanner {
  /// Asks a machine for all that a plan rests on.
  static func reading(
    _ inventory: Inventory, _ dimms: [DIMM], _ backend: any DeviceBackend
  ) throws(DeviceError) -> FirmwarePlanner {
    let buses = inventory.buses
    return FirmwarePlanner(
      inventory,
      readings: Dictionary(
        uniqueKeysWithValues: zip(dimms.map(\.dev), try backend.firmware(of: dimms))),
      scrubs: Dictionary(uniqueKeysWithValues: zip(buses.map(\.dev), try backend.scrubs(of: buses))),
      activations: Dictionary(
        uniqueKeysWithValues: zip(buses.map(\.dev), try backend.activation(of: buses))))
  }
}
