import ArgumentParser

struct DimmCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dimm", abstract: "Manage DIMMs: state, health, firmware, security.",
    subcommands: [
      DimmList.self, DimmShow.self, DimmHealthCommand.self, DimmFirmwareCommand.self,
      DimmSecurityCommand.self, DimmEnable.self, DimmDisable.self, DimmSetAlarm.self,
      DimmInjectSmart.self,
    ])
}
