import ArgumentParser

struct LayoutCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "layout",
    abstract: "Describe a machine's namespaces in a file, preview the changes, apply them.",
    subcommands: [
      LayoutPlanCommand.self, LayoutApply.self, LayoutExport.self, LayoutSchemaCommand.self,
    ])
}
