import ArgumentParser

struct UndoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "undo", abstract: "Undo changes to labels and info blocks.",
    subcommands: [UndoList.self, UndoShow.self, UndoRun.self])
}
