import ArgumentParser
import PmemDevice

struct DeviceReconfigure: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "reconfigure", abstract: "Switch DAX devices between devdax and system-ram, or resize them.",
    discussion: """
      As system-ram a device is kernel memory, in whole memory blocks. It can be switched back only if all of them can \
      go offline, which is what ZONE_MOVABLE is for.
      """)

  @OptionGroup var which: DeviceSelection

  @Option(name: .shortAndLong, help: "devdax or system-ram.")
  var mode: String?

  @Option(name: .shortAndLong, help: "New size, or max; only in regions that can be divided.")
  var size: String?

  @Flag(
    name: [.customShort("N"), .customLong("no-online")], help: "With system-ram: leave the memory offline.")
  var noOnline = false

  @Flag(name: .customLong("no-movable"), help: "With system-ram: not in ZONE_MOVABLE.")
  var noMovable = false

  @Flag(name: .shortAndLong, help: "Take online memory offline first.")
  var force = false

  @OptionGroup var dangers: DangerOptions
  @OptionGroup var change: ChangeOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let request = try request()
    try Change(context, change, output, machine, accepting: dangers.accepted).devices(
      which.names, verb: "reconfigured"
    ) { planner, devices throws(DeviceError) in
      try planner.reconfigure(devices, request)
    }
  }

  private func request() throws(DeviceError) -> DaxDeviceRequest {
    var request = DaxDeviceRequest(
      size: try parseDeviceSize(size), isOnline: !noOnline, isMovable: !noMovable, force: force)
    if let mode {
      guard let parsed = DaxDevice.Mode(rawValue: mode == "ram" ? "system-ram" : mode) else {
        throw DeviceError(
          .usage,
          "--mode: \"\(mode)\" is neither devdax nor system-ram\(didYouMean(mode, ["devdax", "system-ram"]))")
      }
      request.mode = parsed
    }
    request.takesAll = size == "max"
    guard request.mode != nil || size != nil else {
      throw DeviceError(.usage, "nothing to change: give --mode or --size")
    }
    guard request.mode != .devdax || !noOnline && !noMovable else {
      throw DeviceError(.usage, "--no-online and --no-movable are about system-ram")
    }
    return request
  }
}
