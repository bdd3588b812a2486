import ArgumentParser
import PmemDevice
import PmemOutput
import PmemSim
import SystemPackage

struct SimDestroy: MachineVerb {
  static let configuration = CommandConfiguration(
    commandName: "destroy", abstract: "Remove a simulated machine and everything on it.")

  @OptionGroup var which: SimSelection

  @Flag(name: .shortAndLong, help: "Do not ask.")
  var yes = false

  @Flag(name: [.customShort("n"), .long], help: "Show what would be removed and change nothing.")
  var dryRun = false

  @OptionGroup var output: OutputOptions

  func run(in context: CommandContext) throws {
    let directory = try which.directory(in: context)
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
