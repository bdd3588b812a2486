import ArgumentParser

/// A verb: it gets all it touches from a context.
protocol ContextCommand: ParsableCommand {
  func run(in context: CommandContext) throws
}

extension ContextCommand {
  // ArgumentParser's own way in; the root command takes the other.
  func run() throws { try run(in: .standard) }
}

/// The root command of none: every command line is refused.
struct NoCommands: ParsableCommand {}
