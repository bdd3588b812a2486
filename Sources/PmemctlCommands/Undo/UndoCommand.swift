import ArgumentParser

struct UndoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "undo", abstract: "Take changes back that overwrote labels or info blocks.",
    subcommands: [UndoList.self, UndoShow.self, UndoRun.self])
}
