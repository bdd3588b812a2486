import ArgumentParser
import PmemDevice
import PmemSim

struct SimSetSecurity: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "set-security", abstract: "Give a DIMM of a simulated machine security, or remove it.",
    discussion: """
      A DIMM with security can be given a passphrase, and is locked after every boot then, which is a power cycle. By \
      default no DIMM has any, as QEMU's have none.
      """)

  @Argument(help: ArgumentHelp("nmem0, 0, or an id.", valueName: "dimm"))
  var dimm: String

  @Flag(name: .long, help: "Remove it, and its passphrase: the DIMM is replaced by one without.")
  var none = false

  @Flag(
    name: .customLong("firmware-freezes"), inversion: .prefixedNo,
    help: "Whether the firmware freezes it at power on, as that of some servers does.")
  var firmwareFreezes: Bool?

  @OptionGroup var which: SimOption

  func run(in context: CommandContext) throws {
    guard !none || firmwareFreezes == nil else {
      throw DeviceError(.usage, "--none leaves nothing to be frozen")
    }
    try SimWorkload(which.open(in: context, forWriting: true)).setSecurity(
      of: dimm, isSupported: !none, isFrozenByFirmware: firmwareFreezes)
  }
}
