import ArgumentParser
import PmemDevice
import PmemOutput

struct DimmSecurityShow: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show the security state of DIMMs, and which of their keys are available.",
    discussion: ListColumns.help(SecurityColumns.all))

  @Argument(
    help: ArgumentHelp(
      "Only these: a DIMM (nmem0, 0, or an id), or those under a region or a namespace.", valueName: "name"))
  var names: [String] = []

  @OptionGroup var list: ListOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let columns = try ListColumns(SecurityColumns.all, list, isJSON: output.json)
    let backend = try context.open(machine, forWriting: false)
    let dimms = try NameResolver(try backend.inventory(.listing)).dimms(carrying: names)
    let reports = columns.sorted(
      zip(dimms, try backend.security(of: dimms)).map { SecurityReport($0, $1) })
    guard !output.json else {
      return try context.out.write(JSON.array(reports.map { .object($0.json) }).text)
    }
    try context.out.write(columns.text(reports, in: context))
    for report in reports {
      if let remark = report.remark { context.note("\(report.dimm.dev): \(remark)") }
    }
  }
}
