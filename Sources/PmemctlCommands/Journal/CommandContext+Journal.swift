import PmemSim
import SystemPackage

extension CommandContext {
  /// The undo journal of the machine that the options name.
  func journal(_ options: MachineOptions) -> UndoJournal {
    UndoJournal(
      directory: simulation(options).map(SimMachine.undoDirectory) ?? stateDirectory.appending("undo"))
  }
}
