import ArgumentParser
import PmemDevice
import PmemSim
import SystemPackage

struct SimReboot: MachineVerb {
  static let configuration = CommandConfiguration(
    commandName: "reboot",
    abstract:
      "Power-cycle a simulated machine: processes and filesystems are discarded, only its media remain."
  )

  @OptionGroup var which: SimSelection

  func run(in context: CommandContext) throws {
    try SimMachine.reboot(FilePath(try which.directory(in: context)))
  }
}
