import ArgumentParser

struct RegionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "region", abstract: "See, enable and disable regions: ranges of persistent memory.",
    subcommands: [RegionList.self, RegionShow.self, RegionEnable.self, RegionDisable.self])
}
