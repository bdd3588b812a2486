import ArgumentParser

struct DimmFirmwareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "firmware", abstract: "Show, update and activate the firmware of DIMMs.",
    subcommands: [
      DimmFirmwareShow.self, DimmFirmwareUpdate.self, DimmFirmwareArm.self, DimmFirmwareDisarm.self,
      DimmFirmwareActivate.self,
    ])
}
