import ArgumentParser
import PmemDevice

struct RegionCreate: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "Create a CXL region on memory devices.",
    discussion: """
      The devices are interleaved in the order given. Labels and data that are on them stay: with the same devices in the \
      same order, and the same granularity, the same namespaces are found.
      """)

  @Argument(
    help: ArgumentHelp(
      "mem0, its DIMM (nmem0), serial number or PCI address; by position.", valueName: "memdev"),
    completion: .names(.dimms))
  var memdevs: [String]

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      "pmem or ram; by default pmem, if the devices have some that is free.", valueName: "type"))
  var type: String?

  @Option(
    name: [.customShort("d"), .customLong("window")],
    help: ArgumentHelp(
      "The window, such as decoder0.0; by default the first that has room.", valueName: "decoder"))
  var window: String?

  @Option(name: .shortAndLong, help: "Size; by default all that the devices have free.")
  var size: String?

  @Option(
    name: .shortAndLong,
    help: "Bytes on one device before the next has its turn, 256 to 16KiB; by default the window's.")
  var granularity: String?

  @Option(name: .shortAndLong, help: "UUID of the region; by default a random one.")
  var uuid: String?

  @OptionGroup var change: ChangeOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let size = try size.map { text throws(DeviceError) in try parseBytes(text, option: "--size") }
    let granularity = try granularity.map { text throws(DeviceError) in
      try parseBytes(text, option: "--granularity").rawValue
    }
    let uuid = try uuid.map(parseUUID)
    let kind = try type.map { text throws(DeviceError) in
      guard let kind = CxlMemoryKind(rawValue: text) else {
        throw DeviceError(.usage, "--type: \"\(text)\" is not pmem or ram")
      }
      return kind
    }
    try Change(context, change, output, machine).cxlRegions(verb: "created") {
      planner, inventory, isSimulated throws(DeviceError) in
      try inventory.checkCxl(isSimulated: isSimulated)
      var request = CxlRegionRequest(memdevs: try NameResolver(inventory).memdevs(memdevs), kind: kind)
      (request.window, request.size, request.granularity, request.uuid) = (window, size, granularity, uuid)
      return try planner.create(request)
    }
  }
}
