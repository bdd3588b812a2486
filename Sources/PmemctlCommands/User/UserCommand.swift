import ArgumentParser

struct UserCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "user",
    abstract:
      "Inspect users of persistent memory: everything that blocks disabling a namespace.",
    subcommands: [UserList.self])
}
