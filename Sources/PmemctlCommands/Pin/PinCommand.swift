import ArgumentParser

struct PinCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pin", abstract: "See which pages of persistent memory are pinned, and by whom.",
    subcommands: [PinList.self])
}
