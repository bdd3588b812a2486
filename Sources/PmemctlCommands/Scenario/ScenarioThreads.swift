import PmemDevice
import PmemModel
import PmemSim

/// The threads of a scenario on its machine, as ``StateExplorer`` takes their steps.
///
/// Media must not be written to meanwhile: they cannot go back.
struct ScenarioThreads: ExplorableThreads {
  private let threads: [Scenario.Thread]
  private let machine: ScenarioMachine
  private let first: SimMachine.Snapshot

  /// - Parameters:
  ///   - threads: Whose steps are command lines.
  ///   - machine: As the steps before them left it.
  init(_ threads: [Scenario.Thread], _ machine: ScenarioMachine) {
    self.threads = threads
    self.machine = machine
    first = machine.machine.snapshot
  }

  var lengths: [Int] { threads.map(\.steps.count) }

  func start() throws(DeviceError) -> ThreadState<SimMachine.Snapshot> {
    try machine.machine.restore(first)
    return reached(first)
  }

  func take(
    _ step: ThreadStep, from state: SimMachine.Snapshot
  ) throws(DeviceError) -> ThreadState<SimMachine.Snapshot> {
    try machine.machine.restore(state)
    machine.advance(threads[step.thread].steps[step.step])
    guard !machine.machine.hasWritten(since: first) else {
      throw DeviceError(.failed, "media were written to: that cannot be undone")
    }
    return reached(machine.machine.snapshot)
  }

  func hash(_ state: SimMachine.Snapshot, into hasher: inout Hasher) { state.hashCanonically(into: &hasher) }

  private func reached(_ snapshot: SimMachine.Snapshot) -> ThreadState<SimMachine.Snapshot> {
    ThreadState(
      state: snapshot, blocked: machine.workload.blockedTasks, violations: machine.workload.violations)
  }
}
