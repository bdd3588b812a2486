public import ArgumentParser
import Glibc
import PmemDevice
import PmemOutput

/// The command line: `pmemctl NOUN VERB [NAME...] [options]`.
public struct Pmemctl: ParsableCommand {
  /// The version of the program, as `--version` and the manual show it.
  public static let version = "0.1.0"

  public static let configuration = CommandConfiguration(
    commandName: "pmemctl",
    abstract: "Manage persistent memory: see it, provision it, take it down without hurting anyone.",
    discussion: """
      Works on this host's kernel, or on a simulated machine with --sim DIR (or PMEMCTL_SIM=DIR). Every change \
      is a plan first: --dry-run shows it.
      """,
    version: version,
    subcommands: [
      StatusCommand.self, BusCommand.self, DimmCommand.self, LabelCommand.self, InfoBlockCommand.self,
      RegionCommand.self,
      NamespaceCommand.self,
      DeviceCommand.self, DaxCommand.self, MappingCommand.self, PinCommand.self, UserCommand.self,
      LayoutCommand.self, UndoCommand.self,
      DoctorCommand.self,
      SimCommand.self,
    ])

  public init() {}

  /// Parses, runs and ends the process with a documented status.
  public static func main() {
    let arguments = Array(CommandLine.arguments.dropFirst())
    guard StandardStreams.areUsable else { Glibc.exit(ExitStatus.failed.rawValue) }
    let context = CommandContext.standard
    Glibc.exit(run(arguments, in: context).rawValue)
  }

  /// `pmemctl --sim DIR status` means `pmemctl status --sim DIR`: which machine is often said first.
  private static func machineLast(_ arguments: [String]) -> [String] {
    guard let first = arguments.first else { return arguments }
    if first.hasPrefix("--sim=") { return Array(arguments.dropFirst()) + [first] }
    guard first == "--sim", arguments.count > 2 else { return arguments }
    return Array(arguments.dropFirst(2)) + Array(arguments.prefix(2))
  }

  private static func machineNamed(in arguments: [String]) -> String? {
    let options = arguments.prefix { $0 != "--" }
    if let place = options.lastIndex(of: "--sim"), place + 1 < options.endIndex { return options[place + 1] }
    return options.last { $0.hasPrefix("--sim=") }.map { String($0.dropFirst("--sim=".count)) }
  }

  /// Runs a command line in a context; everything it says goes to the context's sinks.
  public static func run(_ arguments: [String], in context: CommandContext) -> ExitStatus {
    let context = context.naming(machine: machineNamed(in: arguments), arguments: arguments)
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
      var command = try parseAsRoot(machineLast(arguments))
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

/// A verb: it gets all it touches from a context.
protocol ContextCommand: ParsableCommand {
  func run(in context: CommandContext) throws
}

extension ContextCommand {
  // ArgumentParser's own way in; `Pmemctl.run` takes the other.
  func run() throws { try run(in: .standard) }
}
