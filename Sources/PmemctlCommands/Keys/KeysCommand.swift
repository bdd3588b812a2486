import ArgumentParser

struct KeysCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "keys", abstract: "Load the passphrases of DIMMs into the kernel's keyring.",
    subcommands: [KeysLoad.self])
}
