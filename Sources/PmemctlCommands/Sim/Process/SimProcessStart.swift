import ArgumentParser
import PmemDevice
import PmemOutput
import PmemModel
import PmemSim

struct SimProcessStart: ActionVerb {
  static let configuration = CommandConfiguration(
    commandName: "start", abstract: "Start a process on a simulated machine.")

  @Argument(help: "Name of the process.")
  var command: String

  @Option(name: .shortAndLong, help: "Process ID; by default the lowest free one from 1000.")
  var pid: Int?

  @OptionGroup var output: OutputOptions
  @OptionGroup var which: SimOption

  func action(on workload: SimWorkload) throws(DeviceError) -> Action {
    .startProcess(command: command, as: pid.map { ProcessID($0) })
  }

  func run(in context: CommandContext) throws {
    let started = try SimWorkload(which.open(in: context, forWriting: true)).start(command, pid: pid)
    var object = JSONObject()
    object.add("pid", started)
    object.add("comm", command)
    try context.out.write(output.json ? JSON.object(object).text : "\(started)\n")
  }
}
