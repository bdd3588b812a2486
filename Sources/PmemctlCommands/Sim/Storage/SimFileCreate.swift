import ArgumentParser
import PmemDevice
import PmemModel
import PmemSim

struct SimFileCreate: ActionVerb {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "Create a file on a filesystem of a simulated machine.")

  @Argument(help: "Its absolute path.")
  var path: String

  @Option(
    name: .shortAndLong, help: ArgumentHelp("Size; blocks are allocated for all of it.", valueName: "size"))
  var size = "4KiB"

  @Option(
    name: .long,
    help:
      "Process that does it, and may block; by default none does."
  )
  var pid: Int?

  @OptionGroup var output: OutputOptions
  @OptionGroup var which: SimOption

  func action(on workload: SimWorkload) throws(DeviceError) -> Action {
    .createFile(path, size: try parseBytes(size, option: "--size").rawValue, by: pid.map { ProcessID($0) })
  }

  func run(in context: CommandContext) throws {
    let size = try parseBytes(size, option: "--size")
    let workload = SimWorkload(try which.open(in: context, forWriting: true))
    try workload.report(try workload.createFile(path, size: size, by: pid), of: pid, output, in: context)
  }
}
