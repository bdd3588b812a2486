import ArgumentParser
import PmemDevice
import PmemSim

struct SimSetSecurity: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "set-security", abstract: "Add security to a DIMM of a simulated machine, or remove it.",
    discussion: """
      A DIMM with security can be given a passphrase, and is then locked after every reboot, which is a power cycle. \
      By default no DIMM has security, as QEMU's have none.
      """)

  @Argument(help: ArgumentHelp("nmem0, 0, or an id.", valueName: "dimm"))
  var dimm: String

  @Flag(name: .long, help: "Remove security and passphrase, as if the DIMM were replaced.")
  var none = false

  @Flag(
    name: .customLong("firmware-freezes"), inversion: .prefixedNo,
    help: "Whether the firmware freezes security at power-on, as some servers do.")
  var firmwareFreezes: Bool?

  @Option(
    name: .customLong("overwrite-seconds"),
    help: ArgumentHelp("How long an overwrite of all its data takes; 0 by default.", valueName: "seconds"))
  var overwriteSeconds: UInt32?

  @OptionGroup var which: SimOption

  func run(in context: CommandContext) throws {
    guard !none || firmwareFreezes == nil && overwriteSeconds == nil else {
      throw DeviceError(.usage, "--none leaves no security to be set")
    }
    guard (overwriteSeconds ?? 0) <= 1_000_000 else {
      throw DeviceError(.usage, "--overwrite-seconds must not be more than 1000000")
    }
    try SimWorkload(which.open(in: context, forWriting: true)).setSecurity(
      of: dimm, isSupported: !none, isFrozenByFirmware: firmwareFreezes,
      overwriteSeconds: overwriteSeconds.map(UInt64.init))
  }
}
