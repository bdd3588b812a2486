import ArgumentParser
import PmemDevice
import PmemOutput

struct StatusCommand: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Show the whole machine on one screen, with regions drawn to scale.")

  @Flag(name: .shortAndLong, help: "With --json, also list seed namespaces.")
  var idle = false

  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let backend = try context.open(machine, forWriting: false)
    let inventory = try backend.inventory(.listing)
    let missing = backend.unseen(in: inventory)
    let readings = try backend.health(of: inventory.dimms)
    let verdicts = zip(inventory.dimms, readings).map {
      ($0.dev, HealthVerdict(of: $0, $1))
    }
    let health = Dictionary(verdicts) { first, _ in first }
    guard !output.json else {
      return try context.out.write(
        inventory.json(backend: backend.kind, showsIdle: idle, missing: missing, health: health).text)
    }
    context.note(missing)
    try context.out.write(
      StatusScreen(
        inventory, backend: backend.kind, health: health, notes: NamespaceNotes(inventory, backend),
        diagnosis: Diagnosis(inventory, health: readings), terminal: context.terminal
      ).text)
  }
}
