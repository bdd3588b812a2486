import ArgumentParser

struct SimStackCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stack", abstract: "Stack block devices of a simulated machine.",
    subcommands: [SimStackCreate.self, SimStackRemove.self])
}
