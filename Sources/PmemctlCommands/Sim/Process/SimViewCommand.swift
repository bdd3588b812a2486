import ArgumentParser
import PmemDevice
import PmemSim

struct SimViewCommand: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "view", abstract: "Choose what of a simulated machine is hidden from who looks at it.",
    discussion: """
      As from a container (processes, mounts), without CAP_BPF or under lockdown (opens, pins). A boot ends it.
      """)

  @Option(
    name: .customLong("hide"),
    help: ArgumentHelp("processes, mounts, opens or pins; can be given again.", valueName: "part"))
  var hidden: [String] = []

  @Flag(name: .customLong("all"), help: "Hide nothing any more.")
  var all = false

  @OptionGroup var which: SimOption

  func run(in context: CommandContext) throws {
    guard all == hidden.isEmpty else {
      throw DeviceError(.usage, "--hide or --all: one of them is needed")
    }
    var parts: Set<Unseen.Part> = []
    for text in hidden { parts.insert(try parseChoice(text, option: "--hide")) }
    try SimWorkload(which.open(in: context, forWriting: true)).hide(parts)
  }
}
