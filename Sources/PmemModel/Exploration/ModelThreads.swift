/// Threads of actions on a memory model.
public struct ModelThreads: ExplorableThreads, Sendable {
  private let model: MemoryModel
  private let threads: [[Action]]
  private let arePinsNamed: Bool

  /// - Parameters:
  ///   - model: The initial state.
  ///   - threads: The actions of each, in order.
  public init(_ model: MemoryModel, _ threads: [[Action]]) {
    self.model = model
    self.threads = threads
    arePinsNamed = threads.joined().contains(where: \.namesPin)
  }

  /// How many steps each thread has.
  public var lengths: [Int] { threads.map(\.count) }

  public func start() -> ThreadState<MemoryModel> { reached(model) }

  public func take(_ step: ThreadStep, from state: MemoryModel) -> ThreadState<MemoryModel> {
    var model = state
    model.apply(threads[step.thread][step.step])
    return reached(model)
  }

  public func hash(_ state: MemoryModel, into hasher: inout Hasher) {
    state.hashCanonically(into: &hasher, arePinsNamed: arePinsNamed)
  }

  private func reached(_ model: MemoryModel) -> ThreadState<MemoryModel> {
    ThreadState(
      state: model, blocked: model.state.blockedTasks.map { ($0.pid, $0.reason) },
      violations: model.violations())
  }
}

extension Action {
  /// Whether it names a pin by its number.
  fileprivate var namesPin: Bool {
    switch self {
    case .unpin, .writeThroughPin: true
    case .pin(_, _, length: _, _, isWrite: _, let number): number != nil
    default: false
    }
  }
}
