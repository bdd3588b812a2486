import ArgumentParser

struct RegionCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "region",
    abstract:
      "Manage regions, the ranges of persistent memory that namespaces are allocated from.",
    subcommands: [
      RegionList.self, RegionShow.self, RegionEnable.self, RegionDisable.self, RegionCreate.self,
      RegionDestroy.self,
    ])
}
