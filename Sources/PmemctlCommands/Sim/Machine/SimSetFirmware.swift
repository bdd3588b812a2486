import ArgumentParser
import PmemDevice
import PmemSim

struct SimSetFirmware: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "set-firmware", abstract: "Give a DIMM of a simulated machine firmware that can be updated.",
    discussion: """
      By default no DIMM has commands for its firmware, as QEMU's have none. An update stages the next version; a reboot, \
      which is a power cycle, activates it.
      """)

  @Argument(help: ArgumentHelp("nmem0, 0, or an id.", valueName: "dimm"))
  var dimm: String

  @Option(name: .customLong("running"), help: ArgumentHelp("The version that it runs.", valueName: "number"))
  var running: UInt64?

  @Option(name: .long, help: ArgumentHelp("Room for an image, such as 1MiB.", valueName: "size"))
  var storage: String?

  @Flag(
    name: .customLong("open-update"), inversion: .prefixedNo,
    help: "Whether another program has begun an update, and not ended it.")
  var openUpdate: Bool?

  @Flag(name: .long, help: "Remove the commands for firmware.")
  var none = false

  @OptionGroup var which: SimOption

  func run(in context: CommandContext) throws {
    guard !none || running == nil && storage == nil && openUpdate == nil else {
      throw DeviceError(.usage, "--none leaves no firmware to be set")
    }
    var setting = SimWorkload.FirmwareSetting()
    setting.isSupported = !none
    setting.running = running
    setting.isOpen = openUpdate
    if let storage {
      let size = try parseBytes(storage, option: "--storage").rawValue
      guard (1...64 << 20).contains(size) else {
        throw DeviceError(.usage, "--storage must be between 1 byte and 64 MiB")
      }
      setting.storage = size
    }
    try SimWorkload(which.open(in: context, forWriting: true)).setFirmware(of: dimm, setting)
  }
}
