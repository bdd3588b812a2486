/// How much to explore.
public struct ExplorationBudget: Hashable, Sendable {
  /// States that are entered at most. Those of one length are kept at a time; one takes some KiB.
  public var maxStates: Int
  /// If there are more orders than this, some are drawn instead of entering states; nil: never.
  public var maxOrders: Int?
  /// How many are drawn.
  public var samples: Int
  /// Of the drawing: the same gives the same.
  public var seed: UInt64

  public init(maxStates: Int = 300_000, maxOrders: Int? = nil, samples: Int = 20_000, seed: UInt64 = 1) {
    self.maxStates = maxStates
    self.maxOrders = maxOrders
    self.samples = samples
    self.seed = seed
  }
}

/// The results of threads over the orders of their steps.
public struct Exploration: Hashable, Sendable {
  /// How much of all orders it speaks of.
  public enum Coverage: String, Hashable, Sendable {
    /// All of them: every state was entered.
    case exhausted
    /// There are more states than the budget has.
    case bounded
    /// Some orders, drawn at random.
    case sampled
    /// It was stopped.
    case interrupted
  }

  /// An order that breaks something: a shortest one, without steps that do not matter.
  public struct Finding: Hashable, Sendable {
    public var violation: Violation
    public var run: [ThreadStep]
  }

  public internal(set) var coverage = Coverage.exhausted
  /// Different states that were entered; of drawn orders 0.
  public internal(set) var states = 0
  /// The number of steps taken.
  public internal(set) var transitions = 0
  /// The number of orders that the states represent, or that were drawn; `Int.max` for that many or more.
  public internal(set) var orders = 0
  /// Steps that those take one by one; `Int.max` for that many or more.
  public internal(set) var steps = 0
  /// One for each invariant that some order violates, and for each subject, in the order of their names.
  public internal(set) var findings: [Finding] = []

  public init() {}
}
