import ArgumentParser
import PmemDevice
import PmemSim

struct SimMount: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "mount",
    abstract:
      "Mount the filesystem of a device of a simulated machine; a new one is created if there is none.")

  @Argument(help: "A block device, such as pmem0 or dm-0, or a namespace.")
  var device: String

  @Argument(help: "Where; an absolute path.")
  var directory: String

  @Option(name: .shortAndLong, help: ArgumentHelp("ext4 or xfs.", valueName: "type"))
  var type = "ext4"

  @Option(name: .long, help: ArgumentHelp("always or never.", valueName: "mode"))
  var dax = "always"

  @Flag(name: .long, help: "Create a new filesystem first, whatever the device contains.")
  var mkfs = false

  @OptionGroup var which: SimOption

  func run(in context: CommandContext) throws {
    guard ["ext4", "xfs"].contains(type) else {
      throw DeviceError(.usage, "--type: \"\(type)\" is not known", details: ["valid values: ext4, xfs"])
    }
    guard ["always", "never"].contains(dax) else {
      throw DeviceError(.usage, "--dax: \"\(dax)\" is not known", details: ["valid values: always, never"])
    }
    try SimWorkload(which.open(in: context, forWriting: true)).mount(
      device, on: directory, type: type, isDAX: dax == "always", isNew: mkfs)
  }
}
