import PmemDevice
import PmemOutput
import PmemctlCommands

/// A command line of ndctl or daxctl while it runs: its options, its streams, and the machine.
final class ToolSession {
  let tool: Tool
  let options: ParsedOptions
  let usage: Usage
  private let context: CommandContext
  private let arguments: [String]
  private var opened: UnattendedMachine?
  private var openedForWriting = false

  /// - Parameters:
  ///   - tool: Which of the two.
  ///   - usage: Of the command.
  ///   - options: Of the command line.
  ///   - arguments: The command line.
  ///   - context: Streams, environment and machine.
  init(
    _ tool: Tool, _ usage: Usage, _ options: ParsedOptions, _ arguments: [String], _ context: CommandContext
  ) {
    self.tool = tool
    self.usage = usage
    self.options = options
    self.arguments = arguments
    self.context = context
  }

  // MARK: Streams

  /// Standard output: JSON, or the bytes that were asked for.
  func answer(_ value: LibraryJSON) throws { try context.out.write(value.printed) }
  func answer(bytes: [UInt8]) throws { try context.out.write(bytes: bytes) }

  /// A line on standard error.
  func note(_ line: String) { write(error: line + "\n") }
  func write(error text: String) { try? context.err.write(text) }

  /// As ndctl writes errors: the message has a line feed of its own, so that an empty line follows.
  func complain(_ text: String) { note("  Error: \(text)\n") }

  /// The usage and its status.
  func misused() -> ToolExit {
    try? context.err.write(usage.text)
    return .usage
  }

  /// Refuses every name on the command line, for commands that take none.
  func refuseNames() throws {
    guard !options.names.isEmpty else { return }
    for name in options.names { complain("unknown parameter \"\(name)\"") }
    throw misused()
  }

  /// Waits; false if there is nothing to wait for.
  func pause(_ seconds: Double) -> Bool { context.pause(seconds) }

  /// Whether standard output is a terminal: some commands print sizes for people then.
  var isTerminal: Bool { context.terminal.isInteractive }

  /// Whether the environment has a variable, whatever its value is.
  func isSet(_ variable: String) -> Bool { context.environment[variable] != nil }

  // MARK: The machine

  var isSimulated: Bool { context.isSimulated }

  /// Has the machine opened again when it is needed next, which sees what changed meanwhile.
  func forget() {
    opened = nil
    openedForWriting = false
  }

  /// Lets other changes of this host go on, and signals end the process: from here on the command only watches.
  func endChanges() {
    forget()
    context.endChanges()
  }

  /// `PMEMCTL_NDCTL_UNSAFE=1`: users do not protect what they use.
  var ignoresUsers: Bool { context.environment["PMEMCTL_NDCTL_UNSAFE"] == "1" }

  /// Who is asked for users of what is to be torn down.
  func inspector(_ machine: UnattendedMachine) -> any UsageInspector {
    ignoresUsers ? NullUsageInspector() : machine.backend
  }

  /// - Parameter forWriting: Whether plans will be run.
  /// - Returns: The same one until a plan is to be run.
  /// - Throws: What opening says.
  func machine(forWriting: Bool) throws(DeviceError) -> UnattendedMachine {
    if let opened, openedForWriting || !forWriting { return opened }
    // A simulated machine is locked while it is open.
    opened = nil
    let machine = try UnattendedMachine(
      context, arguments: [tool.rawValue] + arguments, forWriting: forWriting,
      verbose: options.flag("verbose"))
    opened = machine
    openedForWriting = forWriting
    return machine
  }

  /// Everything there is, in the library's order. A kernel without libnvdimm has nothing.
  func devices(_ depth: InventoryDepth, forWriting: Bool = false) throws(DeviceError) -> DeviceTree {
    let machine = try machine(forWriting: forWriting)
    do throws(DeviceError) {
      let inventory = try machine.backend.inventory(depth)
      return DeviceTree(inventory, order: machine.backend.deviceOrder)
    } catch {
      guard error.code == .unsupported else { throw error }
      return DeviceTree(Inventory(host: HostFacts(kernelRelease: ""), buses: []), order: [])
    }
  }

  /// Runs a plan.
  ///
  /// - Parameters:
  ///   - tree: That it was made from.
  ///   - make: Makes the plan.
  /// - Returns: 0, or the error number of what refused or failed. If a user is in the way, a line says who.
  func perform(
    on tree: DeviceTree, _ make: (UnattendedMachine) throws(DeviceError) -> Plan
  ) -> ReturnCode {
    do throws(DeviceError) {
      let machine = try machine(forWriting: true)
      try machine.run(try make(machine), from: tree.inventory)
      return .done
    } catch {
      return report(error)
    }
  }

  /// The error number that a failure stands for; a refusal, and a state that is not the old one, are explained in a line.
  func report(_ error: DeviceError) -> ReturnCode {
    switch error.code {
    case .refused:
      explain(error)
      return .busy
    case .permission:
      guard let number = error.errno else {
        explain(error)
        return .busy
      }
      return ReturnCode(value: -number)
    case .notFound: return ReturnCode(value: -(error.errno ?? 6))
    case .unsupported: return ReturnCode(value: -(error.errno ?? 95))
    case .failed, .ambiguous, .usage, .corrupt, .interrupted:
      if error.details.contains("not rolled back:") || error.errno == nil { explain(error) }
      return ReturnCode(value: -(error.errno ?? 22))
    }
  }

  /// One line, which ndctl does not print.
  private func explain(_ error: DeviceError) {
    let reason = error.details.first.map { ": \($0)" } ?? ""
    note("pmemctl: \((error.summary + reason).sanitized)")
  }
}

/// Which of the two programs the command line is for.
enum Tool: String, CaseIterable {
  case ndctl
  case daxctl
}
