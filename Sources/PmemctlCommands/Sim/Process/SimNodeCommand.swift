import ArgumentParser
import PmemDevice
import PmemSim

struct SimNodeCommand: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "node",
    abstract: "Replace the device node of a namespace of a simulated machine.",
    discussion: """
      A regular file or a link to another device can take its name, it can be renamed, or have a second node. The \
      findings of pmemctl do not depend on it: it identifies devices by their numbers.
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
      "For a link: the target device; for renamed and second: the path under /dev.", valueName: "target"))
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
