import PmemDevice
import PmemctlCommands

/// `enable-region` and `disable-region`: what fails is not counted, and the status is 0 all the same.
enum RegionCommands {
  static let all = [
    ToolCommand("enable-region", "<region> [<options>]", options) { session in
      try run(session, done: "enabled") { planner, region throws(DeviceError) in planner.enable([region]) }
    },
    ToolCommand("disable-region", "<region> [<options>]", options) { session in
      try run(session, done: "disabled") { planner, region throws(DeviceError) in
        try planner.disable([region])
      }
    },
  ]

  private static let options = [
    OptionSpec("b", "bus", .text, "bus-id", "only on this bus"),
    OptionSpec("t", "type", .text, "region-type", "only of this type"),
  ]

  private static func run(
    _ session: ToolSession, done: String,
    plan: (RegionStatePlanner, Region) throws(DeviceError) -> Plan
  ) throws -> ReturnCode {
    let names = session.options.names
    if names.isEmpty { session.complain("specify a specific region id to act on, or \"all\"") }
    for name in names.dropFirst() { session.complain("unknown extra parameter \"\(name)\"") }
    guard names.count == 1 else { throw session.misused() }
    let type = session.options.text("type")
    if let type, type != "pmem", type != "blk" {
      session.complain("unknown region type '\(type)', should be 'pmem' or 'blk'")
      throw session.misused()
    }
    var count = 0
    let tree = try session.devices(.planning, forWriting: true)
    for bus in tree.buses where Selectors.matches(bus, session.options.text("bus")) {
      for region in bus.regions
      where Selectors.matches(region, names[0]) && (type == nil || type == region.type) {
        // An enabled region gets its seed devices from the kernel: a plan is made of what there is now.
        let now = count == 0 ? tree : try session.devices(.planning, forWriting: true)
        let present = now.inventory.regions.first { $0.dev == region.dev } ?? region
        let code = session.perform(on: now) { machine throws(DeviceError) in
          try plan(
            RegionStatePlanner(now.inventory, inspector: session.inspector(machine)), present)
        }
        if code == .done { count += 1 }
      }
    }
    session.note("\(done) \(counted(count, "region"))")
    return .done
  }
}
