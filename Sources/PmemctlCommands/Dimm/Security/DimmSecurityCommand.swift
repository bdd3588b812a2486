import ArgumentParser

struct DimmSecurityCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "security", abstract: "Lock DIMMs by a passphrase.",
    subcommands: [
      DimmSecurityShow.self, DimmSecuritySetup.self, DimmSecurityUpdate.self, DimmSecurityRemove.self,
      DimmSecurityUnlock.self, DimmSecurityFreeze.self, DimmSecurityErase.self,
    ])
}
