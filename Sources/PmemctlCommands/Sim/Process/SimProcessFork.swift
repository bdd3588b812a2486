import ArgumentParser
import PmemDevice
import PmemOutput
import PmemModel
import PmemSim

struct SimProcessFork: ActionVerb {
  static let configuration = CommandConfiguration(
    commandName: "fork", abstract: "Copy a process on a simulated machine, with what it has mapped and open.")

  @Argument(help: "The process to copy.")
  var parent: Int

  @Option(name: .shortAndLong, help: "The child's number; by default the lowest free one from 1000.")
  var pid: Int?

  @OptionGroup var output: OutputOptions
  @OptionGroup var which: SimOption

  func action(on workload: SimWorkload) throws(DeviceError) -> Action {
    .forkProcess(ProcessID(parent), child: pid.map { ProcessID($0) })
  }

  func run(in context: CommandContext) throws {
    let child = try SimWorkload(which.open(in: context, forWriting: true)).fork(parent, child: pid)
    var object = JSONObject()
    object.add("pid", child)
    object.add("parent", parent)
    try context.out.write(output.json ? JSON.object(object).text : "\(child)\n")
  }
}
