import PmemDevice
import PmemModel
import PmemSim

/// A scenario as it went.
struct ScenarioRun {
  /// A step, and what came of it.
  struct Event {
    var step: Scenario.Step
    var outcome: ScenarioMachine.Outcome
    /// The changes, by subject.
    var changes: [Observation]
    /// The expectation that was not met; nil if all were.
    var failure: String?
  }

  private(set) var events: [Event] = []
  /// The results of the threads, if they were explored.
  private(set) var exploration: ScenarioExploration?
  private(set) var explorationFailures: [String] = []
  /// Steps of threads that were not taken.
  private var unreached: [String] = []

  var failures: [String] {
    events.compactMap { event in event.failure.map { "line \(event.step.line): \(event.step.text): \($0)" } }
      + unreached + explorationFailures
  }

  /// Runs a scenario: its steps; all orders, if it states what must come of them; its threads one after the other, each
  /// until it blocks and further when it is woken; its last steps.
  init(
    _ scenario: Scenario, without rules: Set<ModelRule> = [], budget: ExplorationBudget = ExplorationBudget(),
    _ context: CommandContext
  ) throws {
    let machine = try ScenarioMachine(scenario.machine, without: rules, context)
    for step in scenario.steps { perform(step, on: machine) }
    if !scenario.explorations.isEmpty {
      let explored = try ScenarioExploration(scenario, machine, budget, progress: nil, context)
      exploration = explored
      explorationFailures = Self.judge(explored.found, scenario.explorations)
    }
    runThreads(of: scenario, on: machine)
    for step in scenario.last { perform(step, on: machine) }
  }

  // MARK: Threads

  /// The position of a thread, and the process that must continue before it does.
  private struct Position {
    var rest: ArraySlice<Scenario.Step>
    var blockedIn: Int?
  }

  private mutating func runThreads(of scenario: Scenario, on machine: ScenarioMachine) {
    let isExplored = !scenario.explorations.isEmpty
    var positions = scenario.threads.map { Position(rest: $0.steps[...]) }
    var hasMoved = true
    while hasMoved {
      hasMoved = false
      for index in positions.indices {
        while let step = positions[index].rest.first, !isBlocked(positions[index], on: machine) {
          perform(step, on: machine, isExplored: isExplored)
          positions[index].rest.removeFirst()
          positions[index].blockedIn = events.last?.outcome.waits.first
          hasMoved = true
        }
      }
    }
    for position in positions {
      for step in position.rest { notReached(step, position, isExplored: isExplored, on: machine) }
    }
  }

  private func isBlocked(_ position: Position, on machine: ScenarioMachine) -> Bool {
    position.blockedIn.map { machine.workload.waiting.contains($0) } ?? false
  }

  /// A step whose thread is blocked forever; if all orders are explored, they show the result.
  private mutating func notReached(
    _ step: Scenario.Step, _ position: Position, isExplored: Bool, on machine: ScenarioMachine
  ) {
    guard !isExplored || !step.expectations.isEmpty, let pid = position.blockedIn else { return }
    let reason = machine.workload.wait(of: pid).map { ": \($0)" } ?? ""
    unreached.append(
      "line \(step.line): \(step.text): it is not reached, since process \(pid) waits\(reason)")
  }

  // MARK: Steps

  private mutating func perform(_ step: Scenario.Step, on machine: ScenarioMachine, isExplored: Bool = false)
  {
    let before = machine.workload.facts
    let outcome = machine.run(step)
    let changes = Observation.changes(from: before, to: machine.workload.facts)
    let failure = isExplored && step.expectations.isEmpty ? nil : Self.judge(step.expectations, outcome)
    events.append(Event(step: step, outcome: outcome, changes: changes, failure: failure))
  }

  // MARK: Judging

  private static func judge(_ expected: [Scenario.Expectation], _ outcome: ScenarioMachine.Outcome) -> String?
  {
    for expectation in expected {
      if let failure = judge(expectation, outcome) { return failure }
    }
    let mayFail = expected.contains {
      switch $0 {
      case .status, .killed, .fails: true
      default: false
      }
    }
    if !mayFail, outcome.status != 0 {
      return "it failed: \(outcome.err.split(separator: "\n").joined(separator: "; "))"
    }
    if !expected.contains(.waits), let pid = outcome.waits.first { return "process \(pid) waits" }
    let broken = outcome.breaks.first { !expected.contains(.breaks($0.invariant)) }
    return broken.map { "it breaks \($0.invariant.rawValue): \($0.text)" }
  }

  private static func judge(_ expected: Scenario.Expectation, _ outcome: ScenarioMachine.Outcome) -> String? {
    let isMet: Bool
    switch expected {
    case .status(let status): isMet = outcome.status == status
    case .waits: isMet = !outcome.waits.isEmpty
    case .wakes(let pid): isMet = outcome.wakes.contains(pid)
    case .killed: isMet = outcome.status != 0 && outcome.err.contains("SIGBUS")
    case .fails(let words): isMet = outcome.status != 0 && (words.isEmpty || outcome.err.contains(words))
    case .prints(let words): isMet = outcome.out.contains(words)
    case .says(let words): isMet = outcome.err.contains(words)
    case .breaks(let invariant): isMet = outcome.breaks.contains { $0.invariant == invariant }
    }
    guard !isMet else { return nil }
    let said = (outcome.out + outcome.err).split(separator: "\n").joined(separator: "; ")
    return "expected \"\(expected.text)\"; status \(outcome.status)" + (said.isEmpty ? "" : ", \(said)")
  }

  private static func judge(_ found: Exploration, _ expected: [Scenario.Exploration]) -> [String] {
    let wanted = Set(
      expected.compactMap { if case .breaks(let invariant) = $0 { invariant } else { nil } })
    let missing = wanted.filter { invariant in
      !found.findings.contains { $0.violation.invariant == invariant }
    }
    let surplus = found.findings.filter { !wanted.contains($0.violation.invariant) }
    return missing.map { "explore: no order breaks \($0.rawValue)" }.sorted()
      + surplus.map { "explore: an order breaks \($0.violation.invariant.rawValue): \($0.violation.text)" }
  }
}
