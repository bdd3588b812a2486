import ArgumentParser
import PmemDevice
import PmemSim

struct SimSwapoff: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "swapoff", abstract: "Stop swapping to a device of a simulated machine.")

  @Argument(help: "A block device.")
  var device: String

  @OptionGroup var which: SimOption

  func run(in context: CommandContext) throws {
    try SimWorkload(which.open(in: context, forWriting: true)).swapOff(device)
  }
}
