import ArgumentParser

struct LabelCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "label", abstract: "Manage the labels of DIMMs: they divide regions into namespaces.",
    subcommands: [LabelInit.self])
}
