import ArgumentParser
import PmemDevice
import PmemSim

struct SimStackRemove: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove", abstract: "Remove a device mapper device of a simulated machine.")

  @Argument(help: "Its name.")
  var name: String

  @OptionGroup var which: SimOption

  func run(in context: CommandContext) throws {
    try SimWorkload(which.open(in: context, forWriting: true)).unstack(name)
  }
}
