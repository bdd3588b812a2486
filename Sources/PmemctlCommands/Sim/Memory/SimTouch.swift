import ArgumentParser
import PmemDevice
import PmemModel
import PmemSim

struct SimTouch: ActionVerb {
  static let configuration = CommandConfiguration(
    commandName: "touch", abstract: "Access a mapping of a process of a simulated machine.")

  @Argument(help: "The process.")
  var pid: Int

  @Argument(help: "An address in a mapping (0x...), or a device or file that it has mapped exactly once.")
  var target: String

  @Option(name: .long, help: ArgumentHelp("Offset in the mapping.", valueName: "size"))
  var offset = "0"

  @Option(name: .long, help: ArgumentHelp("Length.", valueName: "size"))
  var length = "1"

  @Flag(name: .shortAndLong, help: "Store instead of loading.")
  var write = false

  @OptionGroup var output: OutputOptions
  @OptionGroup var which: SimOption

  func action(on workload: SimWorkload) throws(DeviceError) -> Action {
    .access(
      ProcessID(pid),
      try workload.addressName(target, offset: try parseBytes(offset, option: "--offset").rawValue),
      length: try parseBytes(length, option: "--length").rawValue, isStore: write)
  }

  func run(in context: CommandContext) throws {
    let length = try parseBytes(length, option: "--length").rawValue
    let workload = SimWorkload(try which.open(in: context, forWriting: true))
    let address = try workload.address(
      target, in: pid, offset: parseBytes(offset, option: "--offset").rawValue)
    try workload.report(
      try workload.access(pid, at: address, length: length, isStore: write), of: pid,
      killed: ["no memory is behind 0x\(String(address, radix: 16)), or a bad block"], output,
      in: context)
  }
}
