import ArgumentParser
import PmemDevice
import PmemSim

struct SimFileRemove: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove",
    abstract: "Remove a file of a simulated machine; its blocks are free when nobody uses it any more.")

  @Argument(help: "Its absolute path.")
  var path: String

  @OptionGroup var which: SimOption

  func run(in context: CommandContext) throws {
    try SimWorkload(which.open(in: context, forWriting: true)).removeFile(path)
  }
}
