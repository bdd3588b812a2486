import ArgumentParser

struct DaxCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dax",
    abstract: "Enable and verify DAX for a consumer; show where DAX is unavailable, and why.",
    subcommands: [DaxStatus.self, DaxEnable.self, DaxDisable.self, DaxProbeCommand.self])
}
