import ArgumentParser
import PmemDevice
import PmemOutput
import PmemSim

struct SimFaultCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fault", abstract: "Take a page fault of a simulated machine in two halves.",
    subcommands: [SimFaultBegin.self, SimFaultFinish.self])
}

struct SimFaultBegin: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "begin", abstract: "Begin a page fault: its block is looked up, its entry is not made.")

  @Argument(help: "The process.")
  var pid: Int

  @Argument(help: "Where, in a mapping.")
  var address: String

  @Flag(name: .shortAndLong, help: "For a store.")
  var write = false

  @OptionGroup var which: SimOption

  func run(in context: CommandContext) throws {
    let number = try SimWorkload(which.open(in: context, forWriting: true)).beginFault(
      pid, at: try parseAddress(address), isStore: write)
    try context.out.write("\(number)\n")
  }
}

struct SimFaultFinish: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "finish",
    abstract: "Finish a page fault: its entry is made for the block that was looked up.",
    discussion: """
      Where that block is not the mapping's any more, the process can store to what is somebody else's: that is said, \
      and the status is 1.
      """)

  @Argument(help: "Its number.")
  var fault: Int

  @OptionGroup var which: SimOption

  func run(in context: CommandContext) throws {
    guard try SimWorkload(which.open(in: context, forWriting: true)).finishFault(fault) else {
      throw DeviceError(
        .failed, "the page that fault \(fault) maps is not the mapping's any more",
        details: ["the device became smaller while the fault was under way, and nothing held its size still"])
    }
  }
}
