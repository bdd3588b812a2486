import ArgumentParser
import PmemDevice
import PmemOutput
import PmemSim
import SystemPackage

struct SimDestroy: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "destroy", abstract: "Remove a simulated machine and all that is on it.")

  @Argument(
    help: ArgumentHelp("The machine; by default the one of PMEMCTL_SIM.", valueName: "dir"),
    completion: .directory)
  var directory: String?

  @Option(
    name: .long, help: ArgumentHelp("The same, as every other command takes it.", valueName: "dir"),
    completion: .directory)
  var sim: String?

  @Flag(name: .shortAndLong, help: "Do not ask.")
  var yes = false

  @Flag(name: [.customShort("n"), .long], help: "Only say what would be removed.")
  var dryRun = false

  @OptionGroup var output: OutputOptions

  func run(in context: CommandContext) throws {
    let directory = try simulatedMachine(directory ?? sim, context)
    let topology = try SimMachine.open(FilePath(directory), forWriting: false).topology
    if !dryRun {
      if context.terminal.isInteractive, !yes {
        try context.err.write(topology.text(directory) + "Remove it and all that is on it? [y/N] ")
        guard ["y", "yes"].contains(context.readAnswer()?.lowercased() ?? "") else {
          return context.note("nothing was changed")
        }
      }
      try SimMachine.destroy(FilePath(directory))
    }
    guard !output.json else {
      return try context.out.write(JSON.object(topology.json(directory: directory)).text)
    }
    try context.out.write("\(dryRun ? "would remove" : "removed") \(directory.sanitized)\n")
  }
}
