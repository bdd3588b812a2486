import ArgumentParser
import PmemDevice
import PmemSim

struct SimOpen: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "open", abstract: "Have a process of a simulated machine open a device or a file.")

  @Argument(help: "The process.")
  var pid: Int

  @Argument(help: "A device, a namespace, or a file.")
  var name: String

  @OptionGroup var which: SimOption

  func run(in context: CommandContext) throws {
    try SimWorkload(which.open(in: context, forWriting: true)).open(pid, name)
  }
}
