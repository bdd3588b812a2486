import ArgumentParser

struct DaxCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dax",
    abstract: "Give a whole namespace to one program, with proof; see what has DAX, and why not.",
    subcommands: [DaxStatus.self, DaxEnable.self, DaxDisable.self, DaxProbeCommand.self])
}
