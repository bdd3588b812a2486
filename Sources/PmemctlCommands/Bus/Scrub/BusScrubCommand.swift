import ArgumentParser

struct BusScrubCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "scrub",
    abstract: "Have the platform read all media of a bus, and find what cannot be read.",
    subcommands: [BusScrubStart.self, BusScrubWait.self, BusScrubStatus.self])
}
