public import ArgumentParser
import Glibc
import PmemDevice
import PmemInspect
import PmemOutput

/// The command line: `pmemctl NOUN VERB [NAME...] [options]`.
public struct Pmemctl: ParsableCommand {
  /// The version of the program, as `--version` and the manual show it.
  public static let version = "0.1.0"

  public static let configuration = CommandConfiguration(
    commandName: "pmemctl",
    abstract: "Manage persistent memory: inspect it, provision it, and tear it down safely.",
    discussion: """
      Works on this host, or on a simulated machine with --sim DIR (or PMEMCTL_SIM=DIR). Every change is planned \
      first; --dry-run shows the plan.
      """,
    version: version,
    subcommands: [
      StatusCommand.self, BusCommand.self, DimmCommand.self, KeysCommand.self, LabelCommand.self,
      InfoBlockCommand.self,
      RegionCommand.self,
      NamespaceCommand.self,
      DeviceCommand.self, DaxCommand.self, MappingCommand.self, PinCommand.self, UserCommand.self,
      LayoutCommand.self, UndoCommand.self,
      DoctorCommand.self, MonitorCommand.self,
      SimCommand.self,
    ])

  public init() {}

  /// Parses, runs and ends the process with a documented status.
  public static func main() {
    let arguments = ProgramArguments.all
    guard StandardStreams.areUsable else { Glibc.exit(ExitStatus.failed.rawValue) }
    let context = CommandContext.standard
    Glibc.exit(run(arguments, in: context).rawValue)
  }

  /// Runs the front end of another program on this process's streams, and ends the process with the status that it returns.
  public static func main(as frontEnd: (CommandContext) -> Int32) -> Never {
    guard StandardStreams.areUsable else { Glibc.exit(ExitStatus.failed.rawValue) }
    Glibc.exit(frontEnd(CommandContext.standard))
  }

  /// `pmemctl --sim DIR status` means `pmemctl status --sim DIR`: the machine is often given first.
  private static func movingSimOptionLast(_ arguments: [String]) -> [String] {
    guard let first = arguments.first else { return arguments }
    if first.hasPrefix("--sim=") { return Array(arguments.dropFirst()) + [first] }
    guard first == "--sim", arguments.count > 2 else { return arguments }
    return Array(arguments.dropFirst(2)) + Array(arguments.prefix(2))
  }

  /// Parses a command line, in which nouns and verbs may be shortened.
  ///
  /// A verb that is named in full is parsed by its own parser alone: building those of its nouns and of the program is
  /// two thirds of a start. A command line that it refuses, and a request for help, are parsed again from the root,
  /// whose texts name the whole command.
  ///
  /// - Throws: ``DeviceError/Code/usage`` with what was probably meant, else the parser's error.
  private static func parse(_ arguments: [String]) throws -> any ParsableCommand {
    if let verb = CommandTree(self).verb(arguments), let command = try? verb.type.parseAsRoot(verb.rest),
      type(of: command) == verb.type
    {
      return command
    }
    do { return try parseAsRoot(arguments) } catch let error {
      guard exitCode(for: error) != .success else { throw error }
      let wrong = WrongCommandLine(arguments, root: Self.self)
      if let expanded = wrong.expanded, let command = try? parseAsRoot(expanded) { return command }
      throw wrong.diagnosis ?? error
    }
  }

  /// Runs a command line in a context; all its output goes to the context's sinks.
  public static func run(_ arguments: [String], in context: CommandContext) -> ExitStatus {
    let context = context.naming(
      machine: MachineOptions.machine(namedIn: arguments), arguments: arguments, root: Self.self)
    defer { context.signals.release() }
    do {
      guard !arguments.contains(where: { $0.contains("\u{fffd}") }) else {
        throw DeviceError(.usage, "an argument is not valid UTF-8")
      }
      // Not worth building the tree of commands for: it takes a fifth of the time.
      if arguments == ["--version"] {
        try context.out.write(version + "\n")
        return .done
      }
      var command = try parse(movingSimOptionLast(arguments))
      if let runnable = command as? any ContextCommand {
        try runnable.run(in: context)
      } else {
        try command.run()
      }
      return .done
    } catch {
      return ErrorRendering(context).report(error)
    }
  }
}
