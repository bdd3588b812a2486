import ArgumentParser
import PmemDevice
import PmemModel
import PmemSim

struct SimClose: ActionVerb {
  static let configuration = CommandConfiguration(
    commandName: "close", abstract: "Have a process of a simulated machine close its open devices and files.")

  @Argument(help: "The process.")
  var pid: Int

  @Argument(help: "A device, a namespace, or a file.")
  var name: String

  @OptionGroup var which: SimOption

  func action(on workload: SimWorkload) throws(DeviceError) -> Action {
    .close(ProcessID(pid), try workload.objectName(name))
  }

  func run(in context: CommandContext) throws {
    try SimWorkload(which.open(in: context, forWriting: true)).close(pid, name)
  }
}
