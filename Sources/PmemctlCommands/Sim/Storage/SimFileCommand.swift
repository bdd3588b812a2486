import ArgumentParser

struct SimFileCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "file", abstract: "Create, change and remove files on a simulated machine.",
    subcommands: [SimFileCreate.self, SimFileList.self, SimFileRemove.self])
}
