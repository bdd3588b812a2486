import ArgumentParser
import Glibc
import PmemDevice
import PmemOutput
import PmemModel
import PmemSim
import SystemPackage

/// A simulated machine for one scenario, in a directory that is removed with it.
final class ScenarioMachine {
  let machine: SimMachine
  let workload: SimWorkload
  private let directory: String
  private let context: CommandContext

  /// - Parameters:
  ///   - words: Of `sim create`, but for the directory.
  ///   - rules: The rules of the model to disable.
  ///   - context: The commands' other surroundings.
  /// - Throws: The error of `sim create`, or of creating its directory.
  init(_ words: [String], without rules: Set<ModelRule>, _ context: CommandContext) throws {
    let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array("\(base)/pmemctl-scenario-XXXXXX".utf8CString)
    guard let made = mkdtemp(&template) else {
      throw DeviceError(
        .failed, "cannot create a directory in \(base): \(String(cString: strerror(errno)))", errno: errno)
    }
    directory = String(cString: made)
    do {
      guard
        let create = try context.root.parseAsRoot(["sim", "create", directory + "/machine"] + words)
          as? any MachineDescription
      else {
        throw DeviceError(.usage, "the machine's line has more than the options of sim create")
      }
      try create.run(
        in: CommandContext(
          out: MemorySink(), err: MemorySink(), terminal: context.terminal, environment: [:],
          readAnswer: { nil }, now: context.now, stateDirectory: context.stateDirectory,
          openKernel: context.openKernel))
      machine = try SimMachine.open(FilePath(directory + "/machine"), forWriting: true)
    } catch {
      rmdir(directory)
      throw error
    }
    machine.persistsState = false
    machine.disable(rules: rules)
    workload = SimWorkload(machine)
    self.context = context
  }

  deinit {
    try? machine.destroy()
    rmdir(directory)
  }

  /// The result of a command line.
  struct Outcome {
    var status: Int32
    var out: String
    var err: String
    /// Processes that wait since.
    var waits: [Int]
    /// Processes that went on.
    var wakes: [Int]
    /// The violations since.
    var breaks: [Violation]
  }

  /// Runs a step; its output is kept.
  func run(_ step: Scenario.Step) -> Outcome {
    let (out, err) = (MemorySink(), MemorySink())
    let before = Set(workload.violations.map(\.key))
    let waiting = workload.waiting
    let inner = context.working(on: machine, out: out, err: err)
    var status = ExitStatus.done
    do { try step.command.run(in: inner) } catch { status = ErrorRendering(inner).report(error) }
    let now = workload.waiting
    return Outcome(
      status: status.rawValue, out: out.text, err: err.text, waits: now.filter { !waiting.contains($0) },
      wakes: waiting.filter { !now.contains($0) },
      breaks: workload.violations.filter { !before.contains($0.key) })
  }

  /// Runs a step of which only the state matters that it leads to.
  func advance(_ step: Scenario.Step) { try? step.command.run(in: quiet) }

  private lazy var quiet = context.working(on: machine, out: NoSink(), err: NoSink())
}

/// A destination for text that is not read.
private final class NoSink: TextSink {
  func write(bytes: [UInt8]) throws(OutputError) {}
}
