import Glibc
public import PmemDevice
public import PmemOutput
import PmemSim
import SystemPackage

/// All that a command touches of the world: made once at the start, faked in tests.
public struct CommandContext {
  /// The answer.
  public let out: any TextSink
  /// Everything else.
  public let err: any TextSink
  public let terminal: Terminal
  /// Environment variables that commands look at.
  public let environment: [String: String]
  /// Reads an answer from the person; nil where input has ended.
  public let readAnswer: () -> String?
  /// Waits for some seconds; false where there is nothing more to wait for, as in a test.
  public let pause: (_ seconds: Double) -> Bool
  /// The real machine; a test that must not touch it gives one that fails.
  public let openKernel: (_ verbose: ((String) -> Void)?) throws(DeviceError) -> any Backend

  public init(
    out: any TextSink, err: any TextSink, terminal: Terminal, environment: [String: String],
    readAnswer: @escaping () -> String?, pause: @escaping (_ seconds: Double) -> Bool = { _ in false },
    openKernel: @escaping (_ verbose: ((String) -> Void)?) throws(DeviceError) -> any Backend
  ) {
    self.out = out
    self.err = err
    self.terminal = terminal
    self.environment = environment
    self.readAnswer = readAnswer
    self.pause = pause
    self.openKernel = openKernel
  }

  /// Both halves of a machine.
  public typealias Backend = DeviceBackend & UsageInspector

  /// The process's own streams, environment and kernel.
  public static var standard: CommandContext {
    let simulation = getenv("PMEMCTL_SIM").map { String(cString: $0) }
    return CommandContext(
      out: DescriptorSink(STDOUT_FILENO), err: DescriptorSink(STDERR_FILENO), terminal: .standardOutput,
      environment: simulation.map { ["PMEMCTL_SIM": $0] } ?? [:], readAnswer: { readLine() },
      pause: { seconds in
        usleep(UInt32(seconds * 1_000_000))
        return true
      },
      openKernel: { verbose throws(DeviceError) in HostMachine(verbose: verbose) })
  }

  /// The machine that the options name: `--sim`, else `PMEMCTL_SIM`, else this host.
  func open(_ options: MachineOptions, forWriting: Bool) throws(DeviceError) -> any Backend {
    if let directory = options.sim ?? environment["PMEMCTL_SIM"], !directory.isEmpty {
      return SimBackend(try SimMachine.open(FilePath(directory), forWriting: forWriting))
    }
    guard options.verbose else { return try openKernel(nil) }
    let err = err
    return try openKernel { message in try? err.write("pmemctl: \(message.sanitized)\n") }
  }

  /// A note to the person, not part of the answer.
  func note(_ text: String) { try? err.write("pmemctl: \(text.sanitized)\n") }
}
