import ArgumentParser
import PmemDevice

struct DeviceCreate: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "Create a DAX device in a region that can be divided.",
    discussion: """
      Such regions are memory that the platform sets aside (hmem), or CXL. The DAX region of a devdax namespace is one \
      device.
      """)

  @Option(
    name: .shortAndLong, help: "Number of the DAX region; by default the only one that can be divided.")
  var region: Int?

  @Option(name: .shortAndLong, help: "Size; by default all free space.")
  var size: String?

  @Option(name: .shortAndLong, help: "Alignment: 4KiB, 2MiB or 1GiB; by default the region's.")
  var align: String?

  @OptionGroup var change: ChangeOptions
  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let size = try parseDeviceSize(size)
    let align = try align.map { text throws(DeviceError) in try parseBytes(text, option: "--align").rawValue }
    try Change(context, change, output, machine).devices([], verb: "created") {
      planner, _ throws(DeviceError) in
      try planner.create(in: region, size: size, align: align)
    }
  }
}

/// Reads `--size` of a DAX device; nil for all there is.
func parseDeviceSize(_ text: String?) throws(DeviceError) -> ByteCount? {
  guard let text, text != "max" else { return nil }
  let size = try parseBytes(text, option: "--size")
  guard size != .zero else {
    throw DeviceError(.usage, "a DAX device has a size: pmemctl device destroy removes it")
  }
  return size
}
