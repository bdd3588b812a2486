import ArgumentParser
import PmemDevice
import PmemSim
import SystemPackage

struct SimReboot: MachineVerb {
  static let configuration = CommandConfiguration(
    commandName: "reboot", abstract: "Turn a simulated machine off and on: only what is on its media remains."
  )

  @OptionGroup var which: SimSelection

  func run(in context: CommandContext) throws {
    try SimMachine.reboot(FilePath(try which.directory(in: context)))
  }
}
