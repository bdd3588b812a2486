import PmemDevice
import TestSupport

/// Seeded random changes of the care of DIMMs, valid and invalid, that fit the state that they are made in.
struct CareOperations {
  private var generator: SeededGenerator
  /// nfit_test keeps an image as staged for ever: each DIMM gets one.
  private var staged: Set<Int> = []

  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  /// The steps of the next change: one step, or those of a plan, which may be cut short.
  mutating func next(_ state: CareState) -> [CareStep] {
    let dimm = Int.random(in: 0..<state.dimms.count, using: &generator)
    // Of a locked DIMM nfit_test has the passphrase changed, which DIMMs refuse: it is unlocked first.
    let isLocked = state.dimms[dimm].security == .locked
    switch Int.random(in: 0..<100, using: &generator) {
    case 0..<37 where isLocked: return [.security(dimm: dimm, .unlock)]
    case 0..<14: return cut(newPassphrase(dimm, state))
    case 14..<20: return cut(removal(dimm, state))
    case 20..<26: return erasure(dimm, state)
    case 26..<28: return overwrite(dimm, state)
    case 28..<36: return [.security(dimm: dimm, strayed())]
    case 36: return [.security(dimm: dimm, .freeze)]
    case 37..<41: return powerCycle(state)
    case 41..<47: return unlocking(dimm, state)
    case 47..<50: return stage(dimm)
    case 50..<54: return [.firmware(dimm: dimm, .arm)]
    case 54..<58: return [.firmware(dimm: dimm, .disarm)]
    case 58..<63: return [.health(dimm: dimm, injection())]
    case 63..<66: return [.alarms(dimm: dimm, alarms())]
    case 66..<76: return [errors(state)]
    case 76..<80: return [.scrub]
    case 80..<84: return clearing(state)
    default: return enabling(dimm, state)
    }
  }

  /// nfit_test has its labels read while it is locked, which DIMMs refuse (dimm.c:nvdimm_probe): nothing is enabled then.
  private mutating func enabling(_ dimm: Int, _ state: CareState) -> [CareStep] {
    let isEnabled = Bool.random(using: &generator)
    let region = Int.random(in: 0..<state.regions.count, using: &generator)
    guard !state.dimms.contains(where: { $0.security == .locked }) else { return [] }
    return Int.random(in: 0..<4, using: &generator) == 0
      ? [.dimm(dimm, isEnabled: isEnabled)] : [.region(region, isEnabled: isEnabled)]
  }

  // MARK: Security

  /// A plan that is killed between two of its steps.
  private mutating func cut(_ steps: [CareStep]) -> [CareStep] {
    guard Int.random(in: 0..<4, using: &generator) == 0, !steps.isEmpty else { return steps }
    return Array(steps.prefix(Int.random(in: 1...steps.count, using: &generator)))
  }

  private mutating func newPassphrase(_ dimm: Int, _ state: CareState) -> [CareStep] {
    let keys = state.dimms[dimm].keys
    var steps: [SecurityOperation] = keys.count > 2 && !keys[2] ? [.createMasterKey] : []
    if keys.count > 1, keys[1] { steps.append(.adoptPendingKey) }
    steps += [.createKey, .setPassphrase, .verifyPassphrase, .commitKey]
    return steps.map { .security(dimm: dimm, $0) }
  }

  private func removal(_ dimm: Int, _ state: CareState) -> [CareStep] {
    [.adoptPendingKey, .removePassphrase, .discardKeys].map { .security(dimm: dimm, $0) }
  }

  /// Mostly with every region off, as it has to be.
  private mutating func erasure(_ dimm: Int, _ state: CareState) -> [CareStep] {
    let isPrepared = Int.random(in: 0..<4, using: &generator) > 0
    return (isPrepared ? state.regions.indices.map { .region($0, isEnabled: false) } : [])
      + [.adoptPendingKey, .erase, .discardUnusedKeys].map { .security(dimm: dimm, $0) }
  }

  /// nfit_test keeps the passphrase of what is overwritten, which DIMMs do not: only those without one.
  private func overwrite(_ dimm: Int, _ state: CareState) -> [CareStep] {
    guard state.dimms[dimm].security == .disabled else { return [] }
    return state.regions.indices.map { .region($0, isEnabled: false) } + [
      .security(dimm: dimm, .overwrite)
    ]
  }

  /// One that no plan would begin with; none of them loses the passphrase.
  private mutating func strayed() -> SecurityOperation {
    let some: [SecurityOperation] = [
      .setPassphrase, .verifyPassphrase, .removePassphrase, .discardKeys, .adoptPendingKey, .erase,
      .discardUnusedKeys, .createKey, .createMasterKey,
    ]
    return some.randomElement(using: &generator) ?? .erase
  }

  /// A frozen DIMM of nfit_test stays frozen through it.
  private func powerCycle(_ state: CareState) -> [CareStep] {
    state.dimms.contains(where: \.isFrozen) ? [] : [.powerCycle]
  }

  /// What is not locked is not unlocked by any plan.
  private func unlocking(_ dimm: Int, _ state: CareState) -> [CareStep] {
    let locked = state.dimms.indices.filter { state.dimms[$0].security == .locked }
    return (locked.contains(dimm) ? [dimm] : locked).map { .security(dimm: $0, .unlock) }
  }

  // MARK: Firmware, health

  private mutating func stage(_ dimm: Int) -> [CareStep] {
    let size =
      Int.random(in: 0..<6, using: &generator) == 0 ? 2 << 20 : Int.random(in: 1...200_000, using: &generator)
    if size <= 1 << 20, !staged.insert(dimm).inserted { return [] }
    return [.firmware(dimm: dimm, .stage([UInt8](repeating: UInt8(dimm), count: size)))]
  }

  private mutating func injection() -> HealthInjection {
    let isWithdrawn = Int.random(in: 0..<3, using: &generator) == 0
    switch Int.random(in: 0..<4, using: &generator) {
    case 0:
      let degrees = Int.random(in: -40..<120, using: &generator)
      return HealthInjection(.mediaTemperature, isWithdrawn ? nil : 16 * degrees)
    case 1:
      return HealthInjection(.spares, isWithdrawn ? nil : Int.random(in: 0...100, using: &generator))
    case 2: return HealthInjection(.fatal, isWithdrawn ? nil : 1)
    default: return HealthInjection(.dirtyShutdown, isWithdrawn ? nil : 1)
    }
  }

  private mutating func alarms() -> AlarmSettings {
    var settings = AlarmSettings()
    for kind in DimmHealth.AlarmKind.allCases where Bool.random(using: &generator) {
      let number = Int.random(in: kind == .spares ? 0...100 : -640...1920, using: &generator)
      settings[kind] = AlarmSettings.Setting(
        threshold: Bool.random(using: &generator) ? number : nil,
        isWatched: Bool.random(using: &generator) ? Bool.random(using: &generator) : nil)
    }
    return settings
  }

  // MARK: Errors

  private mutating func extent() -> Extent {
    let isBeyond = Int.random(in: 0..<12, using: &generator) == 0
    let block = isBeyond ? 1 << 30 : UInt64.random(in: 0..<64, using: &generator)
    return Extent(offset: 512 * block, length: 512 * UInt64.random(in: 1...4, using: &generator))
  }

  private mutating func errors(_ state: CareState) -> CareStep {
    let namespace = Int.random(in: 0..<state.regions.count, using: &generator)
    let extent = extent()
    return switch Int.random(in: 0..<5, using: &generator) {
    case 0..<2: .injectErrors(namespace: namespace, extent, isSilent: false)
    case 2..<3: .injectErrors(namespace: namespace, extent, isSilent: true)
    default: .withdrawErrors(namespace: namespace, extent)
    }
  }

  private mutating func clearing(_ state: CareState) -> [CareStep] {
    let namespace = Int.random(in: 0..<state.regions.count, using: &generator)
    let clear = CareStep.clearErrors(namespace: namespace, extent())
    guard Int.random(in: 0..<4, using: &generator) > 0 else { return [clear] }
    return [.disable(namespace: namespace), clear, .enable(namespace: namespace)]
  }
}
