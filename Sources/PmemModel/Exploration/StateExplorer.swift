/// Takes the steps of threads in all orders, entering each state once.
///
/// States are entered breadth first, so the first order found to violate an invariant is a shortest one. The progress
/// of each thread belongs to a state: threads do not repeat steps, so equal states are equally many steps from the
/// start, the states have no cycle, and only those of one length are kept. They are told apart by a hash of 64 bits: of
/// n states of one length two different ones are taken for the same with a probability below n² / 2⁶⁵ (a million: 3 in
/// 10⁸).
///
/// A blocked thread is skipped until it continues.
public struct StateExplorer<Threads: ExplorableThreads> {
  let threads: Threads
  let budget: ExplorationBudget
  let shouldStop: (Exploration) -> Bool
  var result = Exploration()
  /// The first order that broke an invariant of each subject.
  var shortest: [Violation.Key: (violation: Violation, trail: [ThreadStep])] = [:]
  /// The violations before any step, and their subjects.
  private var known: Set<Violation.Key> = []

  /// - Parameters:
  ///   - threads: The threads to explore.
  ///   - budget: How much of it.
  ///   - shouldStop: Asked every 64 steps, with the result so far, which is the answer if it returns true.
  public init(
    _ threads: Threads, _ budget: ExplorationBudget = ExplorationBudget(),
    shouldStop: @escaping (Exploration) -> Bool = { _ in false }
  ) {
    self.threads = threads
    self.budget = budget
    self.shouldStop = shouldStop
  }

  /// The position of each thread, and the process that must continue before it does.
  struct Entry {
    var state: ThreadState<Threads.State>
    var next: [Int]
    var blockedIn: [ProcessID?]
    /// How many orders lead here.
    var ways = 1
    /// Its step in ``StateExplorer/trail(_:)``; -1 for the start.
    var node = -1
  }

  /// Explores.
  ///
  /// - Returns: The findings.
  /// - Throws: The errors of a step.
  public func explore() throws(Threads.Failure) -> Exploration {
    var explorer = self
    let first = try explorer.begin()
    if let most = budget.maxOrders, explorer.orderCount > Double(most) {
      try explorer.sample(from: first)
    } else {
      try explorer.enterStates(from: first)
    }
    for (_, found) in explorer.shortest.sorted(by: { $0.key < $1.key }) {
      let (violation, run) = try explorer.shortened(found.trail, found.violation)
      explorer.result.findings.append(Exploration.Finding(violation: violation, run: run))
    }
    return explorer.result
  }

  private mutating func begin() throws(Threads.Failure) -> Entry {
    let state = try threads.start()
    known = Set(state.violations.map(\.key))
    return Entry(
      state: state, next: threads.lengths.map { _ in 0 }, blockedIn: threads.lengths.map { _ in nil })
  }

  /// How many orders there are if no thread is ever blocked.
  private var orderCount: Double {
    var orders = 1.0
    var done = 0.0
    for length in threads.lengths {
      for step in 0..<length {
        done += 1
        orders *= done / Double(step + 1)
      }
    }
    return orders
  }

  func runnable(_ entry: Entry) -> [Int] {
    threads.lengths.indices.filter { thread in
      guard entry.next[thread] < threads.lengths[thread] else { return false }
      guard let pid = entry.blockedIn[thread] else { return true }
      return !entry.state.blocked.contains { $0.pid == pid }
    }
  }

  /// Takes a thread's next step.
  func advance(_ entry: Entry, _ thread: Int) throws(Threads.Failure) -> Entry {
    let before = entry.state.blocked
    var after = entry
    after.state = try threads.take(
      ThreadStep(thread: thread, step: entry.next[thread]), from: entry.state.state)
    after.next[thread] += 1
    after.blockedIn[thread] =
      after.state.blocked.first { task in !before.contains { $0.pid == task.pid } }?.pid
    return after
  }

  // MARK: States

  /// The step that first led to each state, and the state before it.
  private struct Node {
    var parent: Int
    var step: ThreadStep
  }

  private mutating func enterStates(from first: Entry) throws(Threads.Failure) {
    var nodes: [Node] = []
    var level = [first]
    result.states = 1
    while !level.isEmpty {
      var next: [Entry] = []
      var indices: [Int: Int] = [:]
      for entry in level {
        let ready = runnable(entry)
        if ready.isEmpty {
          result.orders = Self.sum(result.orders, entry.ways)
          noteStuck(entry) { Self.trail(nodes, entry.node) }
        }
        for thread in ready {
          if result.transitions % 64 == 0, shouldStop(result) {
            result.coverage = .interrupted
            return
          }
          var after = try advance(entry, thread)
          let step = ThreadStep(thread: thread, step: entry.next[thread])
          result.transitions += 1
          result.steps = Self.sum(result.steps, entry.ways)
          note(after.state.violations) { Self.trail(nodes, entry.node) + [step] }
          let key = hash(after)
          if let index = indices[key] {
            next[index].ways = Self.sum(next[index].ways, entry.ways)
            continue
          }
          guard result.states < budget.maxStates else {
            result.coverage = .bounded
            continue
          }
          result.states += 1
          after.node = nodes.count
          nodes.append(Node(parent: entry.node, step: step))
          indices[key] = next.count
          next.append(after)
        }
      }
      level = next
    }
  }

  private func hash(_ entry: Entry) -> Int {
    var hasher = Hasher()
    hasher.combine(entry.next)
    hasher.combine(entry.blockedIn)
    threads.hash(entry.state.state, into: &hasher)
    return hasher.finalize()
  }

  private static func trail(_ nodes: [Node], _ last: Int) -> [ThreadStep] {
    var trail: [ThreadStep] = []
    var node = last
    while node >= 0 {
      trail.append(nodes[node].step)
      node = nodes[node].parent
    }
    return trail.reversed()
  }

  private static func sum(_ left: Int, _ right: Int) -> Int {
    let (sum, overflow) = left.addingReportingOverflow(right)
    return overflow ? .max : sum
  }

  // MARK: Judging

  /// Notes what is broken for the first time, or by fewer steps.
  mutating func note(_ violations: [Violation], _ trail: () -> [ThreadStep]) {
    guard !violations.isEmpty else { return }
    for violation in violations where !known.contains(violation.key) {
      if result.coverage != .sampled, shortest[violation.key] != nil { continue }
      let trail = trail()
      if let best = shortest[violation.key], best.trail.count <= trail.count { continue }
      shortest[violation.key] = (violation, trail)
    }
  }

  /// No thread can take a step any more, and processes are blocked.
  mutating func noteStuck(_ entry: Entry, _ trail: () -> [ThreadStep]) {
    note(entry.state.stuckWaitViolations, trail)
  }
}
