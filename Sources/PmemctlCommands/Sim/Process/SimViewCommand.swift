import ArgumentParser
import PmemDevice
import PmemSim

struct SimViewCommand: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "view", abstract: "Hide parts of a simulated machine from inspection.",
    discussion: """
      As in a container (processes, mounts), without CAP_BPF or under lockdown (opens, pins), or without the directories of \
      memory blocks in sysfs (memory). It lasts until the next boot.
      """)

  @Option(
    name: .customLong("hide"),
    help: ArgumentHelp("processes, mounts, opens, pins or memory; may be repeated.", valueName: "part"))
  var hidden: [String] = []

  @Flag(name: .customLong("all"), help: "Show everything again.")
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
