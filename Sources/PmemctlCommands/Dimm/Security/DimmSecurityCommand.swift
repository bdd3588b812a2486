import ArgumentParser

struct DimmSecurityCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "security", abstract: "Manage the passphrases of DIMMs.",
    subcommands: [
      DimmSecurityShow.self, DimmSecuritySetup.self, DimmSecurityUpdate.self, DimmSecurityRemove.self,
      DimmSecurityUnlock.self, DimmSecurityFreeze.self, DimmSecurityErase.self,
      DimmSecurityOverwrite.self, DimmSecurityWait.self,
    ])
}
