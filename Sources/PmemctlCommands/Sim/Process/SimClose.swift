import ArgumentParser
import PmemDevice
import PmemSim

struct SimClose: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "close", abstract: "Have a process of a simulated machine close what it has open.")

  @Argument(help: "The process.")
  var pid: Int

  @Argument(help: "A device, a namespace, or a file.")
  var name: String

  @OptionGroup var which: SimOption

  func run(in context: CommandContext) throws {
    try SimWorkload(which.open(in: context, forWriting: true)).close(pid, name)
  }
}
