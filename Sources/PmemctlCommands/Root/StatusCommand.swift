import ArgumentParser
import PmemDevice
import PmemOutput

struct StatusCommand: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Show everything on one screen, regions drawn to scale.")

  @Flag(name: .shortAndLong, help: "With --json, also devices that are only places for namespaces.")
  var idle = false

  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let backend = try context.open(machine, forWriting: false)
    let inventory = try backend.inventory(.listing)
    guard !output.json else {
      return try context.out.write(inventory.json(backend: backend.kind, showsIdle: idle).text)
    }
    try context.out.write(StatusScreen(inventory, backend: backend.kind, terminal: context.terminal).text)
  }
}
