import ArgumentParser

struct UserCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "user", abstract: "See who uses persistent memory, and would be hurt if it were taken away.",
    subcommands: [UserList.self])
}
