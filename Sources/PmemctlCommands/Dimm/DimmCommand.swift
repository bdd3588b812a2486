import ArgumentParser

struct DimmCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dimm", abstract: "See DIMMs: the devices that regions are made of.",
    subcommands: [
      DimmList.self, DimmShow.self, DimmHealthCommand.self, DimmSecurityCommand.self, DimmEnable.self,
      DimmDisable.self,
    ])
}
