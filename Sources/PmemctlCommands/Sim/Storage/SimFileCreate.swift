import ArgumentParser
import PmemDevice
import PmemSim

struct SimFileCreate: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "Make a file on a filesystem of a simulated machine.")

  @Argument(help: "Its absolute path.")
  var path: String

  @Option(
    name: .shortAndLong, help: ArgumentHelp("How large: it has blocks for all of it.", valueName: "size"))
  var size = "4KiB"

  @OptionGroup var which: SimOption

  func run(in context: CommandContext) throws {
    let size = try parseBytes(size, option: "--size")
    try SimWorkload(which.open(in: context, forWriting: true)).createFile(path, size: size)
  }
}
