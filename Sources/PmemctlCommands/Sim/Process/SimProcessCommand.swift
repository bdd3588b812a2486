import ArgumentParser

struct SimProcessCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "process", abstract: "Start, fork, list and stop processes of a simulated machine.",
    subcommands: [SimProcessStart.self, SimProcessFork.self, SimProcessStop.self, SimProcessList.self])
}
