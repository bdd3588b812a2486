import ArgumentParser

struct SimCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sim", abstract: "Make and remove simulated machines.",
    subcommands: [SimCreate.self, SimShow.self, SimDestroy.self])
}
