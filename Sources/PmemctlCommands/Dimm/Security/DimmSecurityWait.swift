import ArgumentParser
import PmemDevice
import PmemOutput

struct DimmSecurityWait: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "wait", abstract: "Wait until DIMMs have overwritten their data, and complete it.",
    discussion: """
      Then the labels are read again, regions on the DIMMs are enabled, and the keys of DIMMs without a passphrase are \
      removed, all of which takes root. An interrupted wait leaves the DIMM at it, and can be repeated. The kernel notices \
      the end up to 15 minutes late.
      """)

  @Argument(help: ArgumentHelp("nmem0, 0, or an id; all for every one.", valueName: "dimm"))
  var names: [String]

  @Option(
    name: .long, help: ArgumentHelp("Give up after so long; the status is 1 then.", valueName: "seconds"))
  var timeout: UInt32?

  @OptionGroup var change: ChangeOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let notes = context.overwriteNotes(machine)
    var waited: Set<String> = []
    let wait = Waiting(
      context, change.progress, what: "waiting for the overwrite", timeout: timeout.map(UInt64.init))
    let isPrivileged = try wait.until { () throws -> Bool? in
      let backend = try context.open(machine, forWriting: false)
      let inventory = try backend.inventory(.listing)
      let dimms = try NameResolver(inventory).dimms(names)
      let busy = dimms.filter { $0.security == "overwrite" }
      waited.formUnion(dimms.filter(notes.contains).map(\.dev))
      waited.formUnion(busy.map(\.dev))
      return busy.isEmpty || change.dryRun ? inventory.host.isPrivileged : nil
    }
    guard isPrivileged || change.dryRun else {
      return context.note("to read labels and enable regions again: \(context.text(context.asRoot))")
    }
    let ended = waited
    var completed: [DIMM] = []
    try Change(context, change, output, machine).security(names) { planner, dimms, _ throws(DeviceError) in
      completed = dimms
      return planner.completeOverwrite(dimms, waited: ended)
    }
    if !change.dryRun { notes.remove(completed) }
  }
}
