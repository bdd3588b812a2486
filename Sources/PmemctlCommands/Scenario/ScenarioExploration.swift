import PmemDevice
import PmemModel
import PmemOutput
import PmemSim

/// The results of a scenario's threads.
///
/// Threads whose steps are all actions of the memory model are explored on the model alone: each line was parsed into
/// its action once. Others are run as commands on the machine.
struct ScenarioExploration {
  let found: Exploration
  private let threads: [Scenario.Thread]

  /// Explores the threads, and restores the machine.
  ///
  /// - Parameters:
  ///   - scenario: Whose threads.
  ///   - machine: As its steps left it.
  ///   - budget: How much of them.
  ///   - progress: Gets the number of states, or of sampled orders; nil for no progress.
  ///   - context: Whose signals end it early.
  /// - Throws: ``DeviceError/Code/corrupt`` if there are no threads, and what a step throws that writes to media.
  init(
    _ scenario: Scenario, _ machine: ScenarioMachine, _ budget: ExplorationBudget,
    progress: ProgressLine?, _ context: CommandContext
  ) throws(DeviceError) {
    guard !scenario.threads.isEmpty else {
      throw DeviceError(.corrupt, "\(scenario.file), line 1: there is no thread to explore")
    }
    threads = scenario.threads
    context.signals.hold()
    defer { context.signals.release() }
    defer { progress?.end() }
    let shouldStop = { (soFar: Exploration) in
      progress?.update(UInt64(soFar.states > 1 ? soFar.states : soFar.orders), of: nil)
      return context.signals.isInterrupted
    }
    if let actions = Self.actions(of: threads, on: machine.workload) {
      let model = ModelThreads(machine.workload.model, actions)
      found = StateExplorer(model, budget, shouldStop: shouldStop).explore()
    } else {
      let commands = ScenarioThreads(threads, machine)
      found = try StateExplorer(commands, budget, shouldStop: shouldStop).explore()
      _ = try commands.start()
    }
  }

  /// The actions of threads; nil if a step is none, or names a device that is not there yet.
  private static func actions(of threads: [Scenario.Thread], on workload: SimWorkload) -> [[Action]]? {
    var found: [[Action]] = []
    for thread in threads {
      var actions: [Action] = []
      for step in thread.steps {
        guard let verb = step.command as? any ActionVerb, let action = try? verb.action(on: workload) else {
          return nil
        }
        actions.append(action)
      }
      found.append(actions)
    }
    return found
  }

  /// A step's thread and its command line.
  func text(_ step: ThreadStep) -> (thread: String, step: Scenario.Step) {
    (threads[step.thread].name, threads[step.thread].steps[step.step])
  }
}
