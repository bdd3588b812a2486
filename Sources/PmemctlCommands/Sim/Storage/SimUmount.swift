import ArgumentParser
import PmemDevice
import PmemSim

struct SimUmount: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "umount", abstract: "Unmount a filesystem on a simulated machine.")

  @Argument(help: "Where it is mounted.")
  var folder: String

  @Flag(name: .shortAndLong, help: "Also while files are in use; the filesystem lives on until they are not.")
  var lazy = false

  @OptionGroup var output: OutputOptions
  @OptionGroup var which: SimOption

  func run(in context: CommandContext) throws {
    let workload = SimWorkload(try which.open(in: context, forWriting: true))
    try workload.unmount(folder, isLazy: lazy)
    try workload.report(.done, of: nil, output, in: context)
  }
}
