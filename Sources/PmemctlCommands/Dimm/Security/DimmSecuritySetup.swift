import ArgumentParser
import PmemDevice

struct DimmSecuritySetup: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "setup", abstract: "Set a passphrase on DIMMs, and store it in the key directory.",
    discussion: """
      A random passphrase is stored, encrypted by the master key, before it is set on the DIMM. After each power cycle \
      the DIMM is locked until it is unlocked with it: without the keys its data are lost.
      """)

  @Argument(help: ArgumentHelp("nmem0, 0, or an id; all for every one.", valueName: "dimm"))
  var names: [String]

  @Flag(
    name: .customLong("new-master-key"),
    help: "Create the master key that encrypts passphrases, if it does not exist.")
  var newMasterKey = false

  @OptionGroup var change: ChangeOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let createsMaster = newMasterKey
    try Change(context, change, output, machine).security(names) { planner, dimms, _ throws(DeviceError) in
      try planner.setUp(dimms, createsMaster: createsMaster)
    }
  }
}
