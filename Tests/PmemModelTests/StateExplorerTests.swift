import PmemDevice
import PmemModel
import Testing

/// Exploring by states: it finds what exploring every order finds, and the shortest.
@Suite struct StateExplorerTests {
  /// Numbers of the scenarios that are compared.
  private static let seeds: Range<UInt64> = 0..<1000

  @Test func statesBreakWhatOrdersBreak() {
    var found: [Invariant: Int] = [:]
    for seed in Self.seeds {
      for invariant in Self.compare(seed: seed) { found[invariant, default: 0] += 1 }
    }
    // Scenarios in which nothing is broken compare nothing.
    #expect(found.count >= 10 && found.values.reduce(0, +) > 200, "\(found)")
  }

  /// - Returns: What some order of a scenario breaks.
  private static func compare(seed: UInt64) -> Set<Invariant> {
    let random = RandomThreads(seed: seed, threads: 2 + Int(seed % 2), steps: seed % 2 == 0 ? 5 : 3)
    let threads = ModelThreads(random.model, random.threads)
    let all = OrderExplorer(threads)
    let found = StateExplorer(threads).explore()
    let broken = Set(found.findings.map(\.violation.invariant))
    #expect(broken == Set(all.shortest.keys), "seed \(seed): \(random.threads)")
    #expect(found.orders == all.orders && found.steps == all.steps, "seed \(seed)")
    #expect(found.coverage == .exhausted && found.transitions <= all.steps, "seed \(seed)")
    for invariant in broken {
      let shortest = found.findings.filter { $0.violation.invariant == invariant }.map(\.run.count).min()
      #expect(shortest ?? .max <= all.shortest[invariant] ?? 0, "seed \(seed)")
    }
    return broken
  }

  /// Threads of steps that come to nothing, but that the last of each, after all others', breaks something.
  private static func needle(_ threads: Int, _ steps: Int) -> ModelThreads {
    let device = DeviceID(region: 0, namespace: 0)
    var model = MemoryModel(devices: [DeviceView(device, .fsdax, size: 64 << 20)], rules: KernelRules("4.12"))
    model.apply(.choose(.longTerm, "allow"))
    model.apply(.mount(.device(device), mountPoint: "/mnt", type: "ext4", isDAX: true))
    for thread in 1...threads {
      let pid = ProcessID(thread)
      model.apply(.startProcess(command: "p", as: pid))
      model.apply(.createFile("/mnt/\(thread)", size: 65536))
      let file = ObjectName.path("/mnt/\(thread)")
      model.apply(.map(pid, file, offset: 0, length: nil, isWritable: true, isSync: false))
    }
    // One page after the other is stored to; the last thread pins its file at its first step and lets go of it at its
    // third; the first truncates that file at its last step. Only what comes between those two breaks anything.
    let last = ProcessID(threads)
    let own = AddressName.mapping(.path("/mnt/\(threads)"), offset: 0)
    let actions = (1...threads).map { thread -> [Action] in
      let pid = ProcessID(thread)
      var actions = (0..<steps).map { step -> Action in
        .access(
          pid, .mapping(.path("/mnt/\(thread)"), offset: 4096 * UInt64(step)), length: 4096, isStore: true)
      }
      if thread == 1 { actions[steps - 1] = .truncate(pid, .path("/mnt/\(threads)"), size: 0) }
      if pid == last {
        actions[steps - 2] = .pin(pid, own, length: 4096, .rdma, number: 1)
        actions[steps - 1] = .unpin(1)
      }
      return actions
    }
    return ModelThreads(model, actions)
  }

  @Test(arguments: [(3, 5), (3, 8), (2, 10), (4, 4)])
  func theNeedleIsFound(threads: Int, steps: Int) {
    let found = StateExplorer(Self.needle(threads, steps)).explore()
    #expect(found.coverage == .exhausted)
    // All positions of the threads are one state each.
    var positions = 1
    for _ in 0..<threads { positions *= steps + 1 }
    #expect(found.states <= 4 * positions, "\(found.states)")
    let finding = found.findings.first { $0.violation.invariant == .freedUnderPin }
    // The pin, then the truncate, without all that does not matter.
    #expect(
      finding?.run == [
        ThreadStep(thread: threads - 1, step: steps - 2), ThreadStep(thread: 0, step: steps - 1),
      ], "\(found)")
  }

  @Test func aBudgetBoundsIt() {
    let few = StateExplorer(Self.needle(3, 5), ExplorationBudget(maxStates: 50)).explore()
    #expect(few.coverage == .bounded && few.states == 50)
  }

  @Test func whatIsStoppedTellsWhatItFound() {
    var asked = 0
    let found = StateExplorer(Self.needle(3, 8)) { _ in
      asked += 1
      return asked > 3
    }.explore()
    #expect(found.coverage == .interrupted && found.states > 10 && found.transitions == 192, "\(found)")
  }

  @Test func drawingOrdersCanBeStoppedToo() {
    var seen: [Int] = []
    let found = StateExplorer(Self.needle(3, 8), ExplorationBudget(maxOrders: 1)) {
      seen.append($0.orders)
      return seen.count > 3
    }.explore()
    #expect(found.coverage == .interrupted && found.transitions == 192, "\(found)")
    #expect(seen == seen.sorted() && found.orders == seen.last, "the caller sees how far it is: \(seen)")
  }

  @Test func theSameSeedDrawsTheSame() {
    let budget = ExplorationBudget(maxOrders: 1, samples: 100, seed: 7)
    let found = StateExplorer(Self.needle(3, 5), budget).explore()
    #expect(found.coverage == .sampled && found.orders == 100 && found.states == 0)
    #expect(found == StateExplorer(Self.needle(3, 5), budget).explore())
  }

  /// Four threads that take eight pins each, in 10^17 orders.
  @Test func pinsThatNoStepNamesMakeNoStatesOfTheirOwn() {
    let pmem0 = DeviceID(region: 0, namespace: 0)
    var model = MemoryModel(devices: [DeviceView(pmem0, .fsdax, size: 64 << 20)], rules: KernelRules("6.18"))
    let file = ObjectName.path("/mnt/a")
    model.apply(.mount(.device(pmem0), mountPoint: "/mnt", type: "ext4", isDAX: true))
    model.apply(.createFile("/mnt/a", size: 65536))
    let threads = (1...4).map { thread -> [Action] in
      let pid = ProcessID(thread)
      model.apply(.startProcess(command: "p", as: pid))
      model.apply(.map(pid, file, offset: 0, length: nil, isWritable: true, isSync: false))
      return (0..<8).map {
        .pin(pid, .mapping(file, offset: 4096 * $0), length: 4096, .directIO, number: nil)
      }
    }
    let found = StateExplorer(ModelThreads(model, threads)).explore()
    #expect(found.coverage == .exhausted && found.states == 6561 && found.orders == 99_561_092_450_391_000)
    #expect(found.findings.isEmpty)
  }
}
