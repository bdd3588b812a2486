import ArgumentParser
import PmemDevice
import PmemModel
import PmemSim

struct SimFileRemove: ActionVerb {
  static let configuration = CommandConfiguration(
    commandName: "remove",
    abstract: "Remove a file of a simulated machine; its blocks are freed after its last user.")

  @Argument(help: "Its absolute path.")
  var path: String

  @Option(
    name: .long,
    help:
      "Process that does it, and may block; by default none does."
  )
  var pid: Int?

  @OptionGroup var output: OutputOptions
  @OptionGroup var which: SimOption

  func action(on workload: SimWorkload) throws(DeviceError) -> Action {
    .removeFile(path, by: pid.map { ProcessID($0) })
  }

  func run(in context: CommandContext) throws {
    let workload = SimWorkload(try which.open(in: context, forWriting: true))
    try workload.report(try workload.removeFile(path, by: pid), of: pid, output, in: context)
  }
}
