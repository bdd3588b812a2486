import PmemModel

/// Takes the steps of threads in every order, one order after the other: what exploring by states must agree with.
struct OrderExplorer<Threads: ExplorableThreads> where Threads.Failure == Never {
  let threads: Threads
  private(set) var orders = 0
  private(set) var steps = 0
  /// How many steps the shortest order that breaks an invariant has until then.
  private(set) var shortest: [Invariant: Int] = [:]

  private struct Place {
    var next: [Int]
    var blockedIn: [ProcessID?]
    var broken: Set<Violation.Key>
  }

  init(_ threads: Threads) {
    self.threads = threads
    let first = threads.start()
    descend(
      first,
      Place(
        next: threads.lengths.map { _ in 0 }, blockedIn: threads.lengths.map { _ in nil },
        broken: Set(first.violations.map(\.key))))
  }

  private mutating func descend(_ state: ThreadState<Threads.State>, _ place: Place) {
    let ready = threads.lengths.indices.filter { thread in
      guard place.next[thread] < threads.lengths[thread] else { return false }
      return place.blockedIn[thread].map { pid in !state.blocked.contains { $0.pid == pid } } ?? true
    }
    let length = place.next.reduce(0, +)
    guard !ready.isEmpty else {
      orders += 1
      for stuck in stuck(state) where !place.broken.contains(stuck) { note(stuck.invariant, length) }
      return
    }
    for thread in ready {
      let after = threads.take(ThreadStep(thread: thread, step: place.next[thread]), from: state.state)
      steps += 1
      var next = place
      next.next[thread] += 1
      next.blockedIn[thread] =
        after.blocked.first { task in
          !state.blocked.contains { $0.pid == task.pid }
        }?.pid
      for violation in after.violations where !place.broken.contains(violation.key) {
        note(violation.invariant, length + 1)
        next.broken.insert(violation.key)
      }
      descend(after, next)
    }
  }

  /// Who is blocked forever, and neither in a deadlock nor waiting for what is gone, which is a violation already.
  private func stuck(_ state: ThreadState<Threads.State>) -> [Violation.Key] {
    let told = state.violations.filter { $0.invariant == .deadlock || $0.invariant == .endlessWait }
    return state.blocked.map { "process \($0.pid)" }.filter { who in !told.contains { $0.subject == who } }
      .map { Violation.Key(invariant: .endlessWait, subject: $0) }
  }

  private mutating func note(_ invariant: Invariant, _ length: Int) {
    shortest[invariant] = min(shortest[invariant] ?? .max, length)
  }
}
