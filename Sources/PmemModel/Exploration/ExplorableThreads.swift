/// Threads whose steps an explorer takes in all orders. A state is a value: it can be returned to.
public protocol ExplorableThreads {
  associatedtype State
  associatedtype Failure: Error

  /// How many steps each thread has.
  var lengths: [Int] { get }

  /// The state of all threads before their first steps.
  func start() throws(Failure) -> ThreadState<State>

  /// Takes a step from a state, whatever comes of it.
  func take(_ step: ThreadStep, from state: State) throws(Failure) -> ThreadState<State>

  /// Hashes the common part of two states with the same future.
  func hash(_ state: State, into hasher: inout Hasher)
}

/// A step of a thread, by numbers from 0.
public struct ThreadStep: Hashable, Sendable {
  /// Which thread.
  public let thread: Int
  /// Which of its steps.
  public let step: Int

  public init(thread: Int, step: Int) {
    self.thread = thread
    self.step = step
  }
}

/// A state, and what an explorer looks at in it.
public struct ThreadState<State> {
  /// A process that cannot continue, and why.
  public typealias Blocked = (pid: ProcessID, reason: String)

  public var state: State
  /// In the order in which they were blocked.
  public var blocked: [Blocked]
  /// The violations in it, or on the way to it.
  public var violations: [Violation]

  public init(state: State, blocked: [Blocked], violations: [Violation]) {
    self.state = state
    self.blocked = blocked
    self.violations = violations
  }

  /// The violation if no thread can take a step: every process that is blocked waits forever, unless it is already
  /// reported as deadlocked or waits for an object that is gone.
  var stuckWaitViolations: [Violation] {
    let told = Set(
      violations.filter { $0.invariant == .deadlock || $0.invariant == .endlessWait }.map(\.subject))
    return blocked.filter { !told.contains("process \($0.pid)") }.map {
      Violation(
        .endlessWait, "process \($0.pid) waits, and no other process can continue: \($0.reason)",
        of: "process \($0.pid)")
    }
  }
}
