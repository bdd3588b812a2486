import PmemDevice
import PmemInspect
import PmemOutput
public import PmemctlCommands

/// pmemctl called as ndctl or daxctl: the grammar, the output and the exit status of those tools, for scripts that are
/// written for them, on the plans and the guards of pmemctl.
public struct NdctlPersonality {
  private let tool: Tool
  private let arguments: [String]

  /// Chooses a tool; nil if the name and the first argument name none.
  ///
  /// - Parameters:
  ///   - program: The name that the program was called by, a path or not.
  ///   - arguments: Behind it. `--as ndctl` as the first one chooses a tool too.
  public init?(program: String, arguments: [String]) {
    let name = program.split(separator: "/").last.map(String.init) ?? ""
    if let tool = Tool(rawValue: name) {
      self.tool = tool
      self.arguments = arguments
    } else if let first = arguments.first, first.hasPrefix("--as="),
      let tool = Tool(rawValue: String(first.dropFirst(5)))
    {
      self.tool = tool
      self.arguments = Array(arguments.dropFirst())
    } else if arguments.first == "--as", arguments.count > 1, let tool = Tool(rawValue: arguments[1]) {
      self.tool = tool
      self.arguments = Array(arguments.dropFirst(2))
    } else {
      return nil
    }
  }

  /// The personality that this process was called for, if any.
  public static var ofThisProcess: NdctlPersonality? {
    NdctlPersonality(program: ProgramArguments.program, arguments: ProgramArguments.all)
  }

  /// The version that is printed: a program that compares it with a number finds the one whose behaviour this is.
  static let version = "76.1"

  /// Runs the command line.
  ///
  /// - Parameter context: Streams, environment and machine.
  /// - Returns: The status of the process.
  public func run(in context: CommandContext) -> Int32 {
    do {
      return try dispatch(context)
    } catch let exit as ToolExit {
      return exit.status
    } catch let error as DeviceError {
      try? context.err.write("pmemctl: \(error.summary.sanitized)\n")
      return ReturnCode(value: -(error.errno ?? 22)).status
    } catch {
      try? context.err.write("pmemctl: \(error)\n")
      return 1
    }
  }

  private func dispatch(_ context: CommandContext) throws -> Int32 {
    let commands = tool.commands
    guard let first = arguments.first else {
      try context.out.write(overview)
      return 1
    }
    switch first {
    case "--list-cmds":
      try context.out.write(commands.map { $0.name + "\n" }.joined())
      return 0
    case "-v", "--version": return try printVersion(context)
    case "-h", "--help": return try help(Array(arguments.dropFirst()), context)
    case "version": return try printVersion(context)
    case "help": return try help(Array(arguments.dropFirst()), context)
    default: break
    }
    guard !first.hasPrefix("-") else {
      try context.err.write("Unknown option: \(first.sanitized)\n\n usage: \(synopsis)\n\n")
      return ToolExit.usage.status
    }
    guard let command = commands.first(where: { $0.name == first }) else {
      try context.err.write("Unknown command: '\(first.sanitized)'\n")
      return 1
    }
    guard arguments.count < 2 || arguments[1] != "--help" else { return try help([first], context) }
    return try run(command, context)
  }

  private func run(_ command: ToolCommand, _ context: CommandContext) throws -> Int32 {
    let rest = Array(arguments.dropFirst())
    let usage = usage(of: command)
    let options: ParsedOptions
    do throws(OptionParser.Stop) { options = try OptionParser(command.options).parse(rest) } catch {
      switch error {
      case .listOptions:
        try context.out.write(command.options.map { "--\($0.long) " }.joined())
        return 130
      case .listNothing: return 130
      case .complaint(let text): try context.err.write("  Error: \(text.sanitized)\n")
      case .usage(let complaint):
        if let complaint { try context.err.write("  Error: \(complaint.sanitized)\n") }
        try context.err.write(usage.text)
      }
      return ToolExit.usage.status
    }
    let session = ToolSession(tool, usage, options, arguments, context)
    return try command.run(session).status
  }

  private func usage(of command: ToolCommand) -> Usage {
    Usage(line: "\(tool.rawValue) \(command.name) \(command.synopsis)", options: command.options)
  }

  private func printVersion(_ context: CommandContext) throws -> Int32 {
    try context.out.write(Self.version + "\n")
    return 0
  }

  private var synopsis: String { "\(tool.rawValue) [--version] [--help] COMMAND [ARGS]" }

  private var overview: String {
    "\n usage: \(synopsis)\n\n\n See '\(tool.rawValue) help COMMAND' for more information on a specific command.\n"
      + " \(tool.rawValue) --list-cmds to see all available commands\n\n"
  }

  /// The usage of a command on standard output. ndctl opens its manual page.
  private func help(_ words: [String], _ context: CommandContext) throws -> Int32 {
    guard let name = words.first else {
      try context.out.write(overview)
      return 0
    }
    guard let command = tool.commands.first(where: { $0.name == name }) else {
      try context.err.write("no command \(name.sanitized); \(tool.rawValue) --list-cmds lists all\n")
      return 1
    }
    try context.out.write(usage(of: command).text + " See also pmemctl-ndctl(7).\n")
    return 0
  }
}
