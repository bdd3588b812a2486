import ArgumentParser
import Glibc
public import PmemDevice
public import PmemOutput
import PmemSim
public import SystemPackage

/// All that a command touches of the world: made once at the start, faked in tests.
public struct CommandContext {
  /// The answer.
  public let out: any TextSink
  /// Everything else.
  public let err: any TextSink
  public let terminal: Terminal
  /// Environment variables that commands look at.
  public let environment: [String: String]
  /// Reads an answer from the person; nil at the end of input.
  public let readAnswer: () -> String?
  /// Waits for some seconds; false if there is nothing more to wait for, as in a test.
  public let pause: (_ seconds: Double) -> Bool
  /// Seconds since 1970.
  public let now: () -> UInt64
  /// The directory of this host's undo journal.
  public let stateDirectory: FilePath
  /// The real machine; a test that must not touch it gives one that fails.
  public let openKernel: (MachineListener) throws(DeviceError) -> any Backend

  /// The simulated machine that the command line names with `--sim`.
  private var machineNamed: String?
  /// The command line, without the program's name.
  private var arguments: [String] = []
  /// The root of the parser, known to verbs by this type only, because the root itself knows all verbs.
  private(set) var root: any ParsableCommand.Type = NoCommands.self
  /// Of this host, once a change has begun; this process ends with it.
  private let hostLock = HeldHostLock()
  /// How long another change of this host is waited for.
  var patience = HostLock.patience
  /// A simulated machine that is open already: every command works on it, whatever it names.
  private(set) var machine: SimMachine?

  public init(
    out: any TextSink, err: any TextSink, terminal: Terminal, environment: [String: String],
    readAnswer: @escaping () -> String?, pause: @escaping (_ seconds: Double) -> Bool = { _ in false },
    now: @escaping () -> UInt64, stateDirectory: FilePath,
    openKernel: @escaping (MachineListener) throws(DeviceError) -> any Backend
  ) {
    self.out = out
    self.err = err
    self.terminal = terminal
    self.environment = environment
    self.readAnswer = readAnswer
    self.pause = pause
    self.now = now
    self.stateDirectory = stateDirectory
    self.openKernel = openKernel
  }

  /// Both halves of a machine.
  public typealias Backend = DeviceBackend & UsageInspector & DaxInspector

  /// The process's own streams, environment and kernel.
  public static var standard: CommandContext {
    var environment: [String: String] = [:]
    for name in variables { environment[name] = getenv(name).map { String(cString: $0) } }
    return CommandContext(
      out: DescriptorSink(STDOUT_FILENO), err: DescriptorSink(STDERR_FILENO), terminal: .standardOutput,
      environment: environment, readAnswer: { readLine() },
      pause: { seconds in
        usleep(UInt32(seconds * 1_000_000))
        return true
      },
      now: { UInt64(max(0, time(nil))) }, stateDirectory: "/var/lib/pmemctl",
      openKernel: { listener throws(DeviceError) in HostMachine(listener) })
  }

  /// All environment variables that decide anything.
  private static let variables = ["PMEMCTL_SIM", "PMEMCTL_NDCTL_UNSAFE", "NDCTL_LIST_LINT", "NOTIFY_SOCKET"]

  /// The same, for commands on a machine that stays open between them.
  func working(on machine: SimMachine, out: any TextSink, err: any TextSink) -> CommandContext {
    var context = CommandContext(
      out: out, err: err, terminal: Terminal(isInteractive: false, width: 80, isUnicode: terminal.isUnicode),
      environment: ["PMEMCTL_SIM": machine.directory.string], readAnswer: { nil }, now: now,
      stateDirectory: stateDirectory, openKernel: openKernel)
    context.machine = machine
    context.root = root
    return context
  }

  /// Of this command line.
  let signals = SignalHold()

  /// The machine that the options name: `--sim`, else `PMEMCTL_SIM`, else this host.
  func open(_ options: MachineOptions, forWriting: Bool) throws(DeviceError) -> any Backend {
    if let machine { return SimBackend(machine) }
    if let directory = simulation(options) {
      return SimBackend(try SimMachine.open(directory, forWriting: forWriting))
    }
    if forWriting, geteuid() == 0 { try lockHost() }
    return try openKernel(listener(isVerbose: options.verbose))
  }

  private func listener(isVerbose: Bool) -> MachineListener {
    MachineListener(
      verbose: isVerbose ? note : nil,
      readingPages: {
        let line = line(ProgressOptions.asked(in: arguments), "reading struct pages", unit: "pages")
        return { line.update($0, of: $1) }
      })
  }

  /// Lets no other pmemctl change this host from now on until this process ends. Others than root cannot change it.
  private func lockHost() throws(DeviceError) {
    guard hostLock.lock == nil else { return }
    hostLock.lock = try HostLock(
      in: stateDirectory, command: arguments.joined(separator: " "), patience: patience, waiting: note)
  }

  /// Lets other changes of this host go on, and signals end the process, for a command that only watches from here on. A
  /// signal that came during its changes ends it now.
  public func endChanges() {
    hostLock.lock = nil
    let isInterrupted = signals.isInterrupted
    signals.release()
    if isInterrupted { raise(SIGTERM) }
  }

  /// Whether the environment names a simulated machine.
  public var isSimulated: Bool { isSimulated(.typed([])) }

  /// The directory of the simulated machine that the options name; nil: this host.
  func simulation(_ options: MachineOptions) -> FilePath? {
    guard let directory = options.sim ?? environment["PMEMCTL_SIM"], !directory.isEmpty else { return nil }
    return FilePath(directory)
  }

  func isSimulated(_ options: MachineOptions) -> Bool { simulation(options) != nil }

  func naming(
    machine: String?, arguments: [String], root: any ParsableCommand.Type
  ) -> CommandContext {
    var context = self
    context.machineNamed = machine
    context.arguments = arguments
    context.root = root
    return context
  }

  /// A command to suggest as text: on the machine that this command line is about, without whose `--sim` it would be one
  /// for the host.
  func text(_ suggestion: Suggestion) -> String {
    suggestion.text(on: machineNamed, in: machineNamed ?? environment["PMEMCTL_SIM"])
  }

  /// The same as lists of arguments, one a command.
  func words(_ suggestion: Suggestion) -> [[String]] {
    suggestion.words(on: machineNamed, in: machineNamed ?? environment["PMEMCTL_SIM"])
  }

  /// Whether this command line asks for JSON.
  var wantsJSON: Bool { arguments.prefix { $0 != "--" }.contains("--json") }

  /// This command line, to be run as root.
  var asRoot: Suggestion { Suggestion([["sudo", "pmemctl"] + arguments]) }

  /// This command line. Its own `--sim` is in it: none is added.
  var again: Suggestion { Suggestion([["pmemctl"] + arguments]) }

  /// A note to the person, not part of the answer.
  func note(_ text: String) { try? err.write("pmemctl: \(text.sanitized)\n") }

  /// The progress of an operation, on standard error.
  func line(_ options: ProgressOptions, _ what: String, unit: String) -> ProgressLine {
    ProgressLine(err, terminal: terminal, isShown: options.isShown, what: what, unit: unit)
  }
}

/// The lock that all copies of a context share.
private final class HeldHostLock {
  var lock: HostLock?
}
