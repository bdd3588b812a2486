import ArgumentParser
import PmemDevice
import PmemSim

struct SimUnmap: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "unmap", abstract: "Take a mapping of a simulated machine's process away, or a part of it.")

  @Argument(help: "The process.")
  var pid: Int

  @Argument(help: "From where, as sim map said, or inside of it.")
  var address: String

  @Option(name: .long, help: ArgumentHelp("How much; by default the rest of the mapping.", valueName: "size"))
  var length: String?

  @OptionGroup var which: SimOption

  func run(in context: CommandContext) throws {
    let length = try length.map { text throws(DeviceError) in
      try parseBytes(text, option: "--length").rawValue
    }
    let address = try parseAddress(address)
    try SimWorkload(which.open(in: context, forWriting: true)).unmap(pid, at: address, length: length)
  }
}
