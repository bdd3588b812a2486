import ArgumentParser
import PmemDevice
import PmemOutput
import PmemSim
import SystemPackage

struct SimShow: MachineVerb {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show the hardware of a simulated machine.")

  @OptionGroup var which: SimSelection

  @OptionGroup var output: OutputOptions

  func run(in context: CommandContext) throws {
    let directory = try which.directory(in: context)
    let topology = try SimMachine.open(FilePath(directory), forWriting: false).topology
    try context.out.write(
      output.json ? JSON.object(topology.json(directory: directory)).text : topology.text(directory))
  }
}
