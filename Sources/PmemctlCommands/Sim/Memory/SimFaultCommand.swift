import ArgumentParser
import PmemDevice
import PmemOutput
import PmemModel
import PmemSim

struct SimFaultCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fault", abstract: "Run a page fault on a simulated machine in two halves.",
    subcommands: [SimFaultBegin.self, SimFaultFinish.self])
}

struct SimFaultBegin: ActionVerb {
  static let configuration = CommandConfiguration(
    commandName: "begin",
    abstract:
      "Begin a page fault: look up its block, without inserting the page table entry.")

  @Argument(help: "The process.")
  var pid: Int

  @Argument(help: "An address in a mapping (0x...), or a device or file that it has mapped exactly once.")
  var target: String

  @Option(name: .long, help: ArgumentHelp("Offset in the mapping.", valueName: "size"))
  var offset = "0"

  @Flag(name: .shortAndLong, help: "Fault on a store, not on a load.")
  var write = false

  @Option(
    name: .long, help: ArgumentHelp("Number to finish it by; by default the next free one.", valueName: "n"))
  var number: Int?

  @OptionGroup var which: SimOption

  func action(on workload: SimWorkload) throws(DeviceError) -> Action {
    .beginFault(
      ProcessID(pid),
      try workload.addressName(target, offset: try parseBytes(offset, option: "--offset").rawValue),
      isStore: write, number: number.map { FaultID($0) })
  }

  func run(in context: CommandContext) throws {
    let workload = SimWorkload(try which.open(in: context, forWriting: true))
    let address = try workload.address(
      target, in: pid, offset: parseBytes(offset, option: "--offset").rawValue)
    let made = try workload.beginFault(pid, at: address, isStore: write, number: number)
    try context.out.write("\(made)\n")
  }
}

struct SimFaultFinish: ActionVerb {
  static let configuration = CommandConfiguration(
    commandName: "finish",
    abstract: "Finish a page fault: insert the page table entry for the block that was looked up.",
    discussion: """
      If the block no longer belongs to the mapping, the process can store to another file's data: this is reported, \
      and it exits with 1.
      """)

  @Argument(help: "Its number.")
  var fault: Int

  @OptionGroup var output: OutputOptions
  @OptionGroup var which: SimOption

  func action(on workload: SimWorkload) throws(DeviceError) -> Action {
    .finishFault(FaultID(fault))
  }

  func run(in context: CommandContext) throws {
    let workload = SimWorkload(try which.open(in: context, forWriting: true))
    guard try workload.finishFault(fault) else {
      throw DeviceError(
        .failed, "the page that fault \(fault) maps is no longer the mapping's",
        details: [
          "the device shrank, or was removed, during the fault, and its size was not held"
        ])
    }
    try workload.report(.done, of: nil, output, in: context)
  }
}
