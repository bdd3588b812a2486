import ArgumentParser

struct LayoutCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "layout",
    abstract: "Describe a machine's namespaces in a file, see what that would change, do it.",
    subcommands: [
      LayoutPlanCommand.self, LayoutApply.self, LayoutExport.self, LayoutSchemaCommand.self,
    ])
}
