import ArgumentParser
import PmemDevice
import PmemOutput

struct BusScrubWait: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "wait", abstract: "Wait until buses are not being scrubbed, and show what was found.",
    discussion: """
      An interrupted wait leaves the scrub running. Run by root, it is noticed within seconds that a scrub has ended; by \
      others, perhaps half an hour late.
      """)

  @Argument(
    help: ArgumentHelp("Only these: ndbus0, 0, or a provider.", valueName: "bus"), completion: .names(.buses))
  var names: [String] = []

  @Option(
    name: .long, help: ArgumentHelp("Give up after so long; the status is 1 then.", valueName: "seconds"))
  var timeout: UInt32?

  @OptionGroup var list: ListOptions
  @OptionGroup var progress: ProgressOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let columns = try ListColumns(ScrubColumns.all, list, isJSON: output.json)
    let wait = Waiting(context, progress, what: "waiting for the scrub", timeout: timeout.map(UInt64.init))
    let reports = try wait.until { () throws -> [ScrubReport]? in
      let reports = try ScrubReport.all(names, machine, in: context)
      return reports.contains { $0.scrub.state == .active } ? nil : reports
    }
    try ScrubReport.write(columns.sorted(reports), columns, list, output, in: context)
  }
}
