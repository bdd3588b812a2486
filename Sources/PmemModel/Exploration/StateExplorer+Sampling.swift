extension StateExplorer {
  // MARK: Some orders

  /// Takes the steps in some orders, drawn at random.
  mutating func sample(from first: Entry) throws(Threads.Failure) {
    result.coverage = .sampled
    var generator = SplitMix(state: budget.seed)
    for _ in 0..<budget.samples {
      var entry = first
      var trail: [ThreadStep] = []
      result.orders += 1
      while true {
        guard let thread = runnable(entry).randomElement(using: &generator) else {
          noteStuck(entry) { trail }
          break
        }
        if result.transitions % 64 == 0, shouldStop(result) {
          result.coverage = .interrupted
          return
        }
        trail.append(ThreadStep(thread: thread, step: entry.next[thread]))
        entry = try advance(entry, thread)
        result.steps += 1
        result.transitions += 1
        note(entry.state.violations) { trail }
      }
    }
  }

  // MARK: Shortening

  /// Leaves steps out as long as the rest breaks the same.
  ///
  /// - Parameters:
  ///   - trail: Steps that break an invariant.
  ///   - violation: How they do.
  /// - Returns: The violations at the end, and the remaining steps.
  /// - Throws: The errors of a step.
  func shortened(
    _ trail: [ThreadStep], _ violation: Violation
  ) throws(Threads.Failure) -> (Violation, [ThreadStep]) {
    var (found, kept) = (violation, trail)
    var index = 0
    while index < kept.count {
      var fewer = kept
      fewer.remove(at: index)
      if let same = try broken(by: fewer, violation.key) {
        (found, kept) = (same, fewer)
      } else {
        index += 1
      }
    }
    return (found, kept)
  }

  private func broken(
    by trail: [ThreadStep], _ key: Violation.Key
  ) throws(Threads.Failure) -> Violation? {
    var state = try threads.start()
    for step in trail {
      state = try threads.take(step, from: state.state)
      if let found = state.violations.first(where: { $0.key == key }) { return found }
    }
    return state.stuckWaitViolations.first { $0.key == key }
  }
}

/// Random numbers that are the same for the same seed (Steele, Lea, Flood: "Fast splittable pseudorandom number
/// generators", 2014).
package struct SplitMix: RandomNumberGenerator {
  package var state: UInt64

  package init(state: UInt64) { self.state = state }

  package mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var value = state
    value = (value ^ (value >> 30)) &* 0xbf58_476d_1ce4_e5b9
    value = (value ^ (value >> 27)) &* 0x94d0_49bb_1331_11eb
    return value ^ (value >> 31)
  }
}
