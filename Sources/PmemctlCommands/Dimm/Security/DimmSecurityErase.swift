import ArgumentParser
import PmemDevice
import PmemInspect

struct DimmSecurityErase: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "erase", abstract: "Erase DIMMs by replacing their encryption key, unless they are in use.",
    discussion: """
      The DIMM replaces its media encryption key, and has no passphrase afterwards. Labels are not encrypted: \
      namespaces stay, but their content is noise. This cannot be undone.
      """)

  @Argument(help: ArgumentHelp("nmem0, 0, or an id; all for every one.", valueName: "dimm"))
  var names: [String]

  @Flag(
    name: .customLong("erase-all-data"),
    help:
      "Confirm that everything on the DIMMs may be lost; always required.")
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
