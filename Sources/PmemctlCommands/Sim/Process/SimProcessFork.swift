import ArgumentParser
import PmemDevice
import PmemOutput
import PmemModel
import PmemSim

struct SimProcessFork: ActionVerb {
  static let configuration = CommandConfiguration(
    commandName: "fork", abstract: "Fork a process of a simulated machine, with its mappings and open files.")

  @Argument(help: "Process to fork.")
  var parent: Int

  @Option(name: .shortAndLong, help: "Process ID of the child; by default the lowest free one from 1000.")
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
