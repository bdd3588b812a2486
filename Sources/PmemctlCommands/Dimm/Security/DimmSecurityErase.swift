import ArgumentParser
import PmemDevice
import PmemInspect

struct DimmSecurityErase: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "erase", abstract: "Make all data of DIMMs unreadable, unless they are in use.",
    discussion: """
      The DIMM replaces the key that it encrypts its media by, and has no passphrase afterwards. Labels are not encrypted: \
      namespaces stay, and what is on them is noise. That is final.
      """)

  @Argument(help: ArgumentHelp("nmem0, 0, or an id; all for every one.", valueName: "dimm"))
  var names: [String]

  @Flag(
    name: .customLong("erase-all-data"), help: "Say that everything on the DIMMs may be lost: needed always.")
  var eraseAllData = false

  @OptionGroup var dangers: DangerOptions
  @OptionGroup var change: ChangeOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let accepted = eraseAllData ? dangers.accepted.union(.eraseAllData) : dangers.accepted
    try Change(context, change, output, machine, accepting: accepted).security(names) {
      planner, dimms, backend throws(DeviceError) in
      try planner.erase(dimms, inspector: backend, contents: ContentProbe(backend), accepting: accepted)
    }
  }
}
