import ArgumentParser
import PmemDevice
import PmemOutput
import PmemSim
import SystemPackage

struct SimShow: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show what a simulated machine is made of.")

  @Argument(
    help: ArgumentHelp("The machine; by default the one of PMEMCTL_SIM.", valueName: "dir"),
    completion: .directory)
  var directory: String?

  @Option(
    name: .long, help: ArgumentHelp("The same, as every other command takes it.", valueName: "dir"),
    completion: .directory)
  var sim: String?

  @OptionGroup var output: OutputOptions

  func run(in context: CommandContext) throws {
    let directory = try simulatedMachine(directory ?? sim, context)
    let topology = try SimMachine.open(FilePath(directory), forWriting: false).topology
    try context.out.write(
      output.json ? JSON.object(topology.json(directory: directory)).text : topology.text(directory))
  }
}
