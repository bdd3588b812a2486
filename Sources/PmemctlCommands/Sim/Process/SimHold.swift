import ArgumentParser
import PmemDevice
import PmemSim

struct SimHold: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "hold",
    abstract: "Have the kernel of a simulated machine open a device, without a process.")

  @Argument(help: "A device or a namespace.")
  var device: String

  @Option(
    name: .customLong("as"),
    help: ArgumentHelp(
      "nvmet, lio, zram; or unseen: only the device's own count shows it.", valueName: "holder")
  )
  var holder: String

  @OptionGroup var which: SimOption

  func run(in context: CommandContext) throws {
    try SimWorkload(which.open(in: context, forWriting: true)).hold(
      device, by: parseChoice(holder, option: "--as"))
  }
}

struct SimRelease: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "release",
    abstract: "Have the kernel of a simulated machine close its open devices and files.")

  @Argument(help: "A device or a namespace.")
  var device: String

  @Option(name: .customLong("from"), help: ArgumentHelp("As in pmemctl sim hold.", valueName: "holder"))
  var holder: String

  @OptionGroup var which: SimOption

  func run(in context: CommandContext) throws {
    try SimWorkload(which.open(in: context, forWriting: true)).release(
      device, by: parseChoice(holder, option: "--from"))
  }
}
