import ArgumentParser
import PmemLayout
import PmemOutput

struct LayoutSchemaCommand: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "schema", abstract: "Print the JSON Schema of layouts, for editors and validators.")

  func run(in context: CommandContext) throws { try context.out.write(LayoutSchema.text) }
}
