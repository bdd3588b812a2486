import ArgumentParser
import PmemDevice
import PmemModel
import PmemSim

struct SimUmount: ActionVerb {
  static let configuration = CommandConfiguration(
    commandName: "umount", abstract: "Unmount a filesystem on a simulated machine.")

  @Argument(help: "Mount point.")
  var directory: String

  @Flag(
    name: .shortAndLong, help: "Lazily, as umount -l: the filesystem lives on until its files are closed.")
  var lazy = false

  @Option(
    name: .long,
    help: "Process that does it, and may block; by default a new one, umount.")
  var pid: Int?

  @OptionGroup var output: OutputOptions
  @OptionGroup var which: SimOption

  func action(on workload: SimWorkload) throws(DeviceError) -> Action {
    .unmount(directory, isLazy: lazy, by: pid.map { ProcessID($0) })
  }

  func run(in context: CommandContext) throws {
    let workload = SimWorkload(try which.open(in: context, forWriting: true))
    let before = workload.waiting
    let outcome = try workload.unmount(directory, isLazy: lazy, by: pid)
    let waiter = pid ?? workload.waiting.first { !before.contains($0) }
    try workload.report(outcome, of: waiter, output, in: context)
  }
}
