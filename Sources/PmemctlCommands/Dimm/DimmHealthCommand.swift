import ArgumentParser
import PmemDevice
import PmemOutput

struct DimmHealthCommand: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "health", abstract: "Show the health of DIMMs, the worst first, with a verdict.",
    discussion: ListColumns.help(HealthColumns.all))

  @Argument(
    help: ArgumentHelp(
      "Only these: a DIMM (nmem0, 0, or an id), or those under a region or a namespace.", valueName: "name"))
  var names: [String] = []

  @OptionGroup var list: ListOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let columns = try ListColumns(HealthColumns.all, list, isJSON: output.json)
    let backend = try context.open(machine, forWriting: false)
    let inventory = try backend.inventory(.listing)
    let dimms = try NameResolver(inventory).dimms(carrying: names)
    let readings = try backend.health(of: dimms)
    let reports = columns.sorted(
      zip(dimms, readings).map { HealthReport($0, $1, inventory) }.sorted { $0.precedes($1) })
    if output.json {
      try context.out.write(JSON.array(reports.map { .object($0.json) }).text)
    } else if reports.count == 1, list.areUsual {
      try context.out.write(reports[0].properties)
    } else {
      try context.out.write(columns.text(reports, in: context))
      if list.areUsual { try context.out.write(HealthReport.reasons(reports)) }
    }
    try Self.conclude(reports.map(\.verdict), context)
  }

  /// The exit status follows the table: 0 only if every DIMM that reports its health is good.
  private static func conclude(_ verdicts: [HealthVerdict], _ context: CommandContext) throws {
    let levels = Set(verdicts.map(\.level))
    let bad = verdicts.count { $0.level.isBad }
    if bad > 0 {
      throw DeviceError(.failed, "\(counted(bad, "DIMM"))\(bad == 1 ? " is" : " are") not well")
    }
    if levels.contains(.unknown) { throw DeviceError(.failed, "the health of a DIMM is unknown") }
    if levels.contains(.notPermitted) {
      throw DeviceError(
        .permission, "cannot read the health of DIMMs: only root may", try: [context.asRoot])
    }
    if levels == [.notSupported] {
      throw DeviceError(
        .unsupported, "cannot read the health of DIMMs: none of them has a health command",
        details: ["NVDIMMs of a virtual machine have none"])
    }
  }
}
