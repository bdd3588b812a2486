import ArgumentParser
import PmemDevice
import PmemOutput
import PmemModel
import PmemSim

struct SimPartitionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "partition", abstract: "Partition block devices of a simulated machine.",
    subcommands: [SimPartitionCreate.self, SimPartitionResize.self, SimPartitionRemove.self])
}

struct SimPartitionCreate: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "Create a partition on a block device of a simulated machine.")

  @Argument(help: "The block device.")
  var device: String

  @Option(name: .long, help: ArgumentHelp("Start; 1MiB by default.", valueName: "offset"))
  var start = "1MiB"

  @Option(name: .shortAndLong, help: "Size.")
  var size: String

  @OptionGroup var which: SimOption

  func run(in context: CommandContext) throws {
    let extent = Extent(
      offset: try parseBytes(start, option: "--start").rawValue,
      length: try parseBytes(size, option: "--size").rawValue)
    let name = try SimWorkload(which.open(in: context, forWriting: true)).makePartition(device, extent)
    try context.out.write(name + "\n")
  }
}

struct SimPartitionResize: ActionVerb {
  static let configuration = CommandConfiguration(
    commandName: "resize",
    abstract: "Resize a partition of a simulated machine, whether it is mapped or not.")

  @Argument(help: "pmem0p1.")
  var partition: String

  @Option(name: .shortAndLong, help: "Size.")
  var size: String

  @OptionGroup var which: SimOption

  func action(on workload: SimWorkload) throws(DeviceError) -> Action {
    .resizePartition(
      try workload.volume(partition), size: try parseBytes(size, option: "--size").rawValue)
  }

  func run(in context: CommandContext) throws {
    try SimWorkload(which.open(in: context, forWriting: true)).resizePartition(
      partition, to: try parseBytes(size, option: "--size"))
  }
}

struct SimPartitionRemove: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove", abstract: "Remove a partition of a simulated machine.")

  @Argument(help: "pmem0p1.")
  var partition: String

  @OptionGroup var which: SimOption

  func run(in context: CommandContext) throws {
    try SimWorkload(which.open(in: context, forWriting: true)).removePartition(partition)
  }
}
