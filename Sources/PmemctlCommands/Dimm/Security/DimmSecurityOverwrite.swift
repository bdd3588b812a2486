import ArgumentParser
import PmemDevice
import PmemInspect

struct DimmSecurityOverwrite: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "overwrite",
    abstract: "Have DIMMs overwrite all their data, labels too, unless they are in use.",
    discussion: """
      The DIMM does it by itself, for minutes to hours, also across a reboot; it cannot be used meanwhile. Its regions \
      stay disabled until dimm security wait has completed it. This cannot be undone.
      """)

  @Argument(help: ArgumentHelp("nmem0, 0, or an id; all for every one.", valueName: "dimm"))
  var names: [String]

  @Flag(
    name: .customLong("erase-all-data"),
    help: "Confirm that everything on the DIMMs may be lost; always required.")
  var eraseAllData = false

  @OptionGroup var dangers: DangerOptions
  @OptionGroup var change: ChangeOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let accepted = eraseAllData ? dangers.accepted.union(.eraseAllData) : dangers.accepted
    try Change(context, change, output, machine, accepting: accepted).security(names) {
      planner, dimms, backend throws(DeviceError) in
      let plan = try planner.overwrite(
        dimms, inspector: backend, contents: ContentProbe(backend), accepting: accepted)
      // Before it begins: its end may come before it is waited for.
      if !change.dryRun { context.overwriteNotes(machine).add(dimms) }
      return plan
    }
    guard !change.dryRun else { return }
    let names = names.map { Suggestion([["pmemctl", "dimm", "security", "wait", $0]]) }
    for suggestion in names { context.note("to wait for it: \(context.text(suggestion))") }
  }
}
