import ArgumentParser

struct SimProcessCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "process", abstract: "Start and stop processes on a simulated machine.",
    subcommands: [SimProcessStart.self, SimProcessFork.self, SimProcessStop.self, SimProcessList.self])
}
