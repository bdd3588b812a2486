import ArgumentParser
import PmemDevice
import PmemOutput

struct DimmFirmwareShow: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show which firmware DIMMs run, and which is staged.",
    discussion: ListColumns.help(FirmwareColumns.all))

  @Argument(
    help: ArgumentHelp(
      "Only these: a DIMM (nmem0, 0, or an id), or those under a region or a namespace.", valueName: "name"))
  var names: [String] = []

  @OptionGroup var list: ListOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let columns = try ListColumns(FirmwareColumns.all, list, isJSON: output.json)
    let backend = try context.open(machine, forWriting: false)
    let inventory = try backend.inventory(.listing)
    let dimms = try NameResolver(inventory).dimms(carrying: names)
    let reports = columns.sorted(try FirmwareReport.read(dimms, inventory, backend))
    try output.json
      ? context.out.write(JSON.array(reports.map { .object($0.json) }).text)
      : context.out.write(columns.text(reports, in: context))
    try conclude(reports, context)
  }

  private func conclude(_ reports: [FirmwareReport], _ context: CommandContext) throws(DeviceError) {
    for report in reports {
      if case .failed(let reason) = report.reading {
        throw DeviceError(.failed, "cannot read the firmware of \(report.dimm.dev): \(reason)")
      }
    }
    if reports.contains(where: { $0.reading == .notPermitted }) {
      throw DeviceError(
        .permission, "cannot read the firmware of DIMMs: only root may", try: [context.asRoot])
    }
    if !reports.isEmpty, reports.allSatisfy({ $0.reading == .notSupported }) {
      throw DeviceError(
        .unsupported, "cannot read the firmware of DIMMs: none of them has commands for it",
        details: ["NVDIMMs of a virtual machine have none"])
    }
  }
}
