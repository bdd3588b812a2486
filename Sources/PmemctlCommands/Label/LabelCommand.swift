import ArgumentParser

struct LabelCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "label", abstract: "Manage DIMM labels, which divide regions into namespaces.",
    subcommands: [
      LabelRead.self, LabelCheck.self, LabelInit.self, LabelWrite.self, LabelZero.self, LabelBackup.self,
      LabelRestore.self, LabelRepairCommand.self, LabelRecover.self,
    ])
}
