import ArgumentParser
import PmemDevice
import PmemModel
import PmemSim

struct SimProcessStop: ActionVerb {
  static let configuration = CommandConfiguration(
    commandName: "stop", abstract: "Stop a process of a simulated machine, and remove its mappings.")

  @Argument(help: "Its number.")
  var pid: Int

  @OptionGroup var output: OutputOptions
  @OptionGroup var which: SimOption

  func action(on workload: SimWorkload) throws(DeviceError) -> Action {
    .stopProcess(ProcessID(pid))
  }

  func run(in context: CommandContext) throws {
    let workload = SimWorkload(try which.open(in: context, forWriting: true))
    try workload.stop(pid)
    try workload.report(.done, of: nil, output, in: context)
  }
}
