import PmemDevice
import PmemSim

/// How much to explore.
struct ExplorationBudget {
  /// All orders, where there are no more than this.
  var most = 1_000_000
  /// Else so many, drawn at random.
  var samples = 20_000
  var seed: UInt64 = 1
}

/// What became of the threads of a scenario in the orders that were tried.
struct Exploration {
  /// An order that breaks something; the shortest that was found, without steps that do not matter.
  struct Finding {
    var violation: SimViolation
    /// In order: of which thread, and what.
    var run: [(thread: String, step: Scenario.Step)]
  }

  /// How many orders were tried.
  var orders = 0
  /// How many steps that took.
  var steps = 0
  /// Whether they were all.
  var isComplete = true
  /// One for each invariant that is broken by some order, in the order of their names.
  var findings: [Finding] = []
}

/// Runs the threads of a scenario in all orders of their steps, or in many.
///
/// A thread that waits is passed over until it goes on. Media must not be written to meanwhile: they cannot go back.
struct Explorer {
  private let threads: [Scenario.Thread]
  private let machine: ScenarioMachine
  private let budget: ExplorationBudget
  private let start: SimMachine.Moment
  /// Broken before anything was tried.
  private let known: Set<SimInvariant>
  private var result = Exploration()
  private var shortest: [SimInvariant: (SimViolation, [Place])] = [:]

  /// A step of a thread, by numbers.
  private struct Place: Hashable {
    var thread: Int
    var step: Int
  }

  /// Where each thread is, and the process for which it waits.
  private struct State {
    var next: [Int]
    var waitsIn: [Int?]
    /// What is broken already on the way here.
    var broken: Set<SimInvariant>
  }

  init(_ scenario: Scenario, _ machine: ScenarioMachine, _ budget: ExplorationBudget) throws(DeviceError) {
    guard !scenario.threads.isEmpty else {
      throw DeviceError(.corrupt, "\(scenario.file), line 1: there is no thread to explore")
    }
    threads = scenario.threads
    self.machine = machine
    self.budget = budget
    start = machine.machine.moment
    known = Set(machine.workload.violations.map(\.invariant))
  }

  func explore() throws(DeviceError) -> Exploration {
    var explorer = self
    if explorer.orders() <= Double(budget.most) {
      var trail: [Place] = []
      try explorer.descend(explorer.first, &trail)
    } else {
      explorer.result.isComplete = false
      try explorer.sample()
    }
    try explorer.machine.machine.goBack(to: start)
    let found = explorer.shortest.sorted { $0.key.rawValue < $1.key.rawValue }
    for (_, (violation, trail)) in found {
      let (shortest, run) = try explorer.shortened(trail, violation)
      explorer.result.findings.append(
        Exploration.Finding(
          violation: shortest, run: run.map { (threads[$0.thread].name, threads[$0.thread].steps[$0.step]) }))
    }
    try explorer.machine.machine.goBack(to: start)
    return explorer.result
  }

  private var first: State {
    State(next: threads.map { _ in 0 }, waitsIn: threads.map { _ in nil }, broken: known)
  }

  /// How many orders there are where nobody waits.
  private func orders() -> Double {
    var orders = 1.0
    var done = 0.0
    for thread in threads {
      for step in thread.steps.indices {
        done += 1
        orders *= done / Double(step + 1)
      }
    }
    return orders
  }

  private func runnable(_ state: State) -> [Int] {
    let waiting = machine.workload.waiting
    return threads.indices.filter { thread in
      guard state.next[thread] < threads[thread].steps.count else { return false }
      return state.waitsIn[thread].map { !waiting.contains($0) } ?? true
    }
  }

  private func take(_ thread: Int, _ state: inout State) -> Place {
    let place = Place(thread: thread, step: state.next[thread])
    state.next[thread] += 1
    state.waitsIn[thread] = machine.advance(threads[thread].steps[place.step])
    return place
  }

  // MARK: All orders

  private mutating func descend(_ state: State, _ trail: inout [Place]) throws(DeviceError) {
    let here = machine.machine.moment
    let ready = runnable(state)
    guard !ready.isEmpty else {
      result.orders += 1
      noteStuck(state, trail)
      return
    }
    for thread in ready {
      var next = state
      trail.append(take(thread, &next))
      result.steps += 1
      judge(&next, trail)
      try descend(next, &trail)
      trail.removeLast()
      try machine.machine.goBack(to: here)
    }
  }

  /// Notes what the last step broke, and goes on: worse may come of it.
  private mutating func judge(_ state: inout State, _ trail: [Place]) {
    let broken = state.broken
    let fresh = machine.workload.violations.filter { !broken.contains($0.invariant) }
    guard !fresh.isEmpty else { return }
    note(fresh, trail)
    state.broken.formUnion(fresh.map(\.invariant))
  }

  /// Nobody can do anything any more, and somebody waits.
  private mutating func noteStuck(_ state: State, _ trail: [Place]) {
    guard let pid = machine.workload.waiting.first else { return }
    let stuck = machine.workload.endless(pid)
    if !state.broken.contains(stuck.invariant), !state.broken.contains(.deadlock) { note([stuck], trail) }
  }

  private mutating func note(_ violations: [SimViolation], _ trail: [Place]) {
    for violation in violations {
      if let known = shortest[violation.invariant], known.1.count <= trail.count { continue }
      shortest[violation.invariant] = (violation, trail)
    }
  }

  // MARK: Some orders

  private mutating func sample() throws(DeviceError) {
    var generator = SplitMix(state: budget.seed)
    for _ in 0..<budget.samples {
      try machine.machine.goBack(to: start)
      var state = first
      var trail: [Place] = []
      result.orders += 1
      while true {
        guard let thread = runnable(state).randomElement(using: &generator) else {
          noteStuck(state, trail)
          break
        }
        trail.append(take(thread, &state))
        result.steps += 1
        judge(&state, trail)
      }
    }
  }

  // MARK: Shortening

  /// Leaves steps out as long as the rest breaks the same.
  ///
  /// - Returns: What it then breaks, and the steps that are left.
  private func shortened(
    _ trail: [Place], _ violation: SimViolation
  ) throws(DeviceError) -> (SimViolation, [Place]) {
    var (found, kept) = (violation, trail)
    var index = 0
    while index < kept.count {
      var fewer = kept
      fewer.remove(at: index)
      if let same = try broken(by: fewer, violation.invariant) {
        (found, kept) = (same, fewer)
      } else {
        index += 1
      }
    }
    return (found, kept)
  }

  private func broken(
    by trail: [Place], _ invariant: SimInvariant
  ) throws(DeviceError) -> SimViolation? {
    try machine.machine.goBack(to: start)
    for place in trail {
      _ = machine.advance(threads[place.thread].steps[place.step])
      if let found = machine.workload.violations.first(where: { $0.invariant == invariant }) { return found }
    }
    guard let pid = machine.workload.waiting.first else { return nil }
    let stuck = machine.workload.endless(pid)
    return stuck.invariant == invariant ? stuck : nil
  }
}

/// Random numbers that are the same for the same seed (Steele, Lea, Flood: "Fast splittable pseudorandom number
/// generators", 2014).
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var value = state
    value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
    return value ^ (value >> 31)
  }
}
