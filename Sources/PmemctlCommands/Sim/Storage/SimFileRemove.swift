import ArgumentParser
import PmemDevice
import PmemSim

struct SimFileRemove: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove",
    abstract: "Remove a file of a simulated machine; its blocks are free when nobody uses it any more.")

  @Argument(help: "Its absolute path.")
  var path: String

  @Option(
    name: .long,
    help: "The process that does it, and waits where the kernel does; without, nobody does and nobody waits.")
  var pid: Int?

  @OptionGroup var output: OutputOptions
  @OptionGroup var which: SimOption

  func run(in context: CommandContext) throws {
    let workload = SimWorkload(try which.open(in: context, forWriting: true))
    try workload.report(try workload.removeFile(path, by: pid), of: pid, output, in: context)
  }
}
