import ArgumentParser
import PmemDevice
import PmemInspect

struct DimmFirmwareActivate: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "activate",
    abstract: "Activate the staged firmware of the armed DIMMs of a bus, while it runs.",
    discussion: """
      Most platforms want the machine to be quiet: all tasks and devices are frozen meanwhile, as for hibernation, and \
      thawed. A root filesystem that does not survive that is refused. The result of each DIMM is shown, and decides about \
      the status.
      """)

  @Argument(help: ArgumentHelp("ndbus0, 0, or a provider.", valueName: "bus"), completion: .names(.buses))
  var bus: String

  @Flag(name: .long, help: "Do not freeze, though the platform asks for it: DMA may time out.")
  var live = false

  @Flag(
    name: .customLong("accept-freeze"),
    help: "Proceed even if the root filesystem may not come back from being frozen.")
  var acceptFreeze = false

  @OptionGroup var change: ChangeOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let frame = Change(context, change, output, machine)
    var failed: [String] = []
    try frame.run { backend, inventory in
      let bus = try bus(in: inventory)
      let planner = try FirmwarePlanner.reading(inventory, bus.dimms, backend)
      let armed = zip(bus.dimms, try backend.firmware(of: bus.dimms)).filter {
        $1.firmware?.activation == .armed
      }
      let plan = try planner.activate(
        bus, method: live ? .live : nil, frozenRoot: backend.isSimulated ? nil : RootFilesystem.volatileType,
        acceptsFreeze: acceptFreeze)
      return Change.Planned(plan: plan, subject: armed.map(\.0))
    } report: { planned, backend in
      let readings = try results(of: planned.subject, backend, context)
      failed = zip(planned.subject, readings).compactMap { dimm, reading in
        let result = reading.firmware?.result
        return result == .success ? nil : "\(dimm.dev): \(result?.rawValue ?? "no result can be read")"
      }
      try frame.writeFirmware(of: planned.subject, backend)
    }
    guard failed.isEmpty else {
      throw DeviceError(
        .failed, "the firmware of \(counted(failed.count, "DIMM")) is not activated", details: failed)
    }
  }

  private func bus(in inventory: Inventory) throws(DeviceError) -> Bus {
    let found = try NameResolver(inventory).buses([bus])
    guard found.count == 1, let bus = found.first else {
      throw DeviceError(.usage, "activate takes one bus, and \"\(self.bus)\" matches \(found.count)")
    }
    return bus
  }

  /// DIMMs are busy for some seconds after the kernel is done.
  private func results(
    of dimms: [DIMM], _ backend: any CommandContext.Backend, _ context: CommandContext
  ) throws -> [FirmwareReading] {
    let wait = Waiting(context, change.progress, what: "waiting for the activation", timeout: 120)
    return try wait.until { () throws -> [FirmwareReading]? in
      let readings = try backend.firmware(of: dimms)
      return readings.contains { $0.firmware?.activation == .busy } ? nil : readings
    }
  }
}
