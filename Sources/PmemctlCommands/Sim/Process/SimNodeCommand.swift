import ArgumentParser
import PmemDevice
import PmemSim

struct SimNodeCommand: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "node",
    abstract: "Replace the node of a device of a simulated machine.",
    discussion: """
      What pmemctl finds and refuses does not depend on it: devices are known by their numbers.
      """)

  @Argument(help: "A device or a namespace.")
  var device: String

  @Option(
    name: .customLong("as"),
    help: ArgumentHelp("file, link, renamed or second.", valueName: "kind"))
  var kind: String?

  @Option(
    name: .customLong("to"),
    help: ArgumentHelp(
      "Of a link: the device that it leads to; of renamed and second: the other path.", valueName: "target"))
  var target: String?

  @Flag(name: .customLong("restore"), help: "Restore the node that the kernel created.")
  var isRestored = false

  @OptionGroup var which: SimOption

  func run(in context: CommandContext) throws {
    guard isRestored == (kind == nil) else {
      throw DeviceError(.usage, "--as or --restore: one of them is needed")
    }
    let workload = SimWorkload(try which.open(in: context, forWriting: true))
    guard let kind else { return try workload.restoreNode(of: device) }
    try workload.replaceNode(of: device, by: parseChoice(kind, option: "--as"), target)
  }
}
