import ArgumentParser
import PmemDevice
import PmemSim

struct SimSwapon: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "swapon", abstract: "Swap to a device of a simulated machine.")

  @Argument(help: "A block device.")
  var device: String

  @OptionGroup var which: SimOption

  func run(in context: CommandContext) throws {
    try SimWorkload(which.open(in: context, forWriting: true)).swapOn(device)
  }
}
