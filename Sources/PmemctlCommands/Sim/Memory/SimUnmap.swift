import ArgumentParser
import PmemDevice
import PmemModel
import PmemSim

struct SimUnmap: ActionVerb {
  static let configuration = CommandConfiguration(
    commandName: "unmap", abstract: "Unmap a mapping of a process of a simulated machine, or a part of it.")

  @Argument(help: "The process.")
  var pid: Int

  @Argument(help: "An address in a mapping (0x...), or a device or file that it has mapped exactly once.")
  var target: String

  @Option(name: .long, help: ArgumentHelp("Length; by default the rest of the mapping.", valueName: "size"))
  var length: String?

  @OptionGroup var output: OutputOptions
  @OptionGroup var which: SimOption

  func action(on workload: SimWorkload) throws(DeviceError) -> Action {
    .unmap(ProcessID(pid), try workload.addressName(target, offset: 0), length: try parseLength(length))
  }

  func run(in context: CommandContext) throws {
    let workload = SimWorkload(try which.open(in: context, forWriting: true))
    try workload.unmap(pid, at: try workload.address(target, in: pid), length: try parseLength(length))
    try workload.report(.done, of: nil, output, in: context)
  }
}
