import ArgumentParser

struct PinCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pin", abstract: "Inspect pinned pages of persistent memory.",
    subcommands: [PinList.self])
}
