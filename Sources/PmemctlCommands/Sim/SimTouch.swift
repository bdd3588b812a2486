import ArgumentParser
import PmemDevice
import PmemSim

struct SimTouch: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "touch", abstract: "Have a process of a simulated machine access its mapping.")

  @Argument(help: "The process.")
  var pid: Int

  @Argument(help: "Where, in a mapping.")
  var address: String

  @Option(name: .long, help: ArgumentHelp("How much.", valueName: "size"))
  var length = "1"

  @Flag(name: .shortAndLong, help: "Store to it, instead of loading from it.")
  var write = false

  @OptionGroup var which: SimOption

  func run(in context: CommandContext) throws {
    let length = try parseBytes(length, option: "--length").rawValue
    let address = try parseAddress(address)
    let workload = SimWorkload(try which.open(in: context, forWriting: true))
    switch try workload.access(pid, at: address, length: length, isStore: write) {
    case .done: break
    case .waits: context.note("process \(pid) waits in a fault, until what is frozen is thawed")
    case .killed:
      throw DeviceError(
        .failed, "process \(pid) was killed by SIGBUS",
        details: ["there is nothing behind 0x\(String(address, radix: 16)) any more, or a bad block"])
    }
  }
}
