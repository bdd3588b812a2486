import PmemDevice

/// Commands that a scenario file may not contain. It is data, perhaps from elsewhere: its effects must end with the
/// machine that it runs on.
enum ScenarioConfinement {
  /// Whether a command may be a step.
  ///
  /// - Parameters:
  ///   - command: As it was parsed.
  ///   - words: The command line.
  /// - Returns: Why it may not; nil if it may.
  static func problem(of command: any ContextCommand, _ words: [String]) -> String? {
    // The undo journal's directory follows from it.
    if words.contains(where: { $0 == "--sim" || $0.hasPrefix("--sim=") }) {
      return "a scenario works on its own machine: --sim is not allowed"
    }
    if command is any MachineVerb { return "a scenario may not create, run or remove other machines" }
    guard let file = writtenFile(command), file != "-" else { return nil }
    return "a scenario does not write to files: \(file) is outside its machine, - is standard output"
  }

  /// The file that a verb writes to.
  private static func writtenFile(_ command: any ContextCommand) -> String? {
    switch command {
    case let command as LabelRead: command.output
    case let command as LabelBackup: command.output
    case let command as LayoutPlanCommand: command.out
    default: nil
    }
  }
}
