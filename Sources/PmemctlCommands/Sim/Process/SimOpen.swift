import ArgumentParser
import PmemDevice
import PmemModel
import PmemSim

struct SimOpen: ActionVerb {
  static let configuration = CommandConfiguration(
    commandName: "open", abstract: "Have a process of a simulated machine open a device or a file.")

  @Argument(help: "The process.")
  var pid: Int

  @Argument(help: "A device, a namespace, or a file.")
  var name: String

  @OptionGroup var which: SimOption

  func action(on workload: SimWorkload) throws(DeviceError) -> Action {
    .open(ProcessID(pid), try workload.objectName(name))
  }

  func run(in context: CommandContext) throws {
    try SimWorkload(which.open(in: context, forWriting: true)).open(pid, name)
  }
}
