import ArgumentParser

struct MappingCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mapping", abstract: "See which processes have persistent memory mapped.",
    subcommands: [MappingList.self])
}
