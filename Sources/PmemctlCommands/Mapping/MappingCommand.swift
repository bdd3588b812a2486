import ArgumentParser

struct MappingCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "mapping", abstract: "Inspect mappings of persistent memory.",
    subcommands: [MappingList.self])
}
