import ArgumentParser

struct DimmCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dimm", abstract: "Manage DIMMs: state, health, security.",
    subcommands: [
      DimmList.self, DimmShow.self, DimmHealthCommand.self, DimmSecurityCommand.self, DimmEnable.self,
      DimmDisable.self,
    ])
}
