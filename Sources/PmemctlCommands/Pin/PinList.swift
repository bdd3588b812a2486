import ArgumentParser
import PmemDevice
import PmemOutput

struct PinList: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List pinned pages of devices, and their likely holders.",
    discussion: ListColumns.help(PinColumns.all), aliases: ["ls"])

  @Argument(
    help: ArgumentHelp("Only on these: a namespace, a device, a region, or a DIMM.", valueName: "name"),
    completion: .names(.anything))
  var names: [String] = []

  @OptionGroup var watching: WatchOptions
  @OptionGroup var list: ListOptions
  @OptionGroup var progress: ProgressOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let columns = try ListColumns(PinColumns.all, list, isJSON: output.json)
    var rules = KernelRules("")
    var unread: [Unseen] = []
    // The processes that this process may not inspect at all; nil if the devices themselves are the reason.
    var remedy: String?
    try ListFollower(
      context: context, options: watching, isJSON: output.json,
      look: {
        let backend = try context.open(machine, forWriting: false)
        let inventory = try backend.inventory(.listing)
        let namespaces = try UseFilter(names, inventory, isSimulated: backend.isSimulated).namespaces(
          of: inventory)
        let report = try backend.pins(of: namespaces, in: inventory, isAttributed: true)
        rules = inventory.host.rules
        // Which files are mapped decides what truncating them does (until 6.14).
        let isOfFiles = report.devices.contains { $0.ranges.contains { $0.file != nil } }
        let mapped =
          isOfFiles
          ? Set(try backend.mappings(in: inventory, pid: nil, interface: nil).mappings.map(\.path)) : []
        // As a list of ranges it is flat; each knows its device.
        let rows = report.devices.flatMap { device in
          let ranges = device.ranges + (device.unknown == nil ? [] : [PinRendering.unknown(device)])
          return ranges.isEmpty
            ? [PinRow(device: device)]
            : ranges.map { range in
              PinRow(
                device: device, range: range,
                isFileMapped: range.file?.path.map { mapped.contains($0) } ?? false)
            }
        }.filter { watching.watch || output.json ? $0.range != nil : true }
        unread = report.devices.unread
        remedy =
          unread.isEmpty
          ? nil : backend.unseen(in: inventory).first(where: \.isDecisive).map { $0.remedy ?? $0.reason }
        return (rows, report.missing)
      },
      key: Identity.init,
      text: { PinRendering(rules, columns, context, isQuiet: list.quiet).text($0) }, line: PinRendering.line,
      json: { PinRendering.json($0, rules) }
    ).run()
    guard !unread.isEmpty else { return }
    let devices = unread.reduce(0) { $0 + $1.namespaces.count }
    throw DeviceError(
      remedy == nil ? .failed : .permission,
      "the pins of \(counted(devices, "namespace")) could not be read",
      details: [remedy].compactMap(\.self))
  }

  private struct Identity: Hashable {
    let device: String
    let extent: Extent?

    init(_ row: PinRow) {
      device = row.device.device
      extent = row.range?.extent
    }
  }
}

/// A range with its device; nil if the device has no references.
struct PinRow: Hashable {
  let device: DevicePins
  var range: PinnedRange?
  /// Whether some process maps the file that the range is of.
  var isFileMapped = false

  /// Other ranges of the device do not make it another row.
  static func == (left: PinRow, right: PinRow) -> Bool {
    left.device.device == right.device.device && left.device.unknown == right.device.unknown
      && left.range == right.range && left.isFileMapped == right.isFileMapped
  }

  func hash(into hasher: inout Hasher) {
    hasher.combine(device.device)
    hasher.combine(range)
  }
}
