import PmemDevice

/// Operations that wait, and go on when what they wait for is gone.
extension SimKernel {
  /// Whether a rule of the model is in force.
  func rule(_ rule: SimRule) -> Bool { !withoutRules.contains(rule) }

  func isWaiting(_ pid: Int) -> Bool { memory.waits.contains { $0.pid == pid } }

  /// Refuses what a process cannot do that is not there (ESRCH), or waits (EBUSY).
  func checkRuns(_ pid: Int) throws {
    _ = try place(pid)
    guard !isWaiting(pid) else { throw SimFault(16, "process \(pid) waits already") }
  }

  /// Begins an operation of a process.
  ///
  /// - Throws: ESRCH for a process that is not there, EBUSY for one that waits, and the operation's own errors.
  func perform(_ operation: SimOperation, by pid: Int) throws -> SimAccess {
    try checkRuns(pid)
    switch try attempt(operation, by: pid) {
    case .done:
      settle()
      return .done
    case .killed: return .killed
    case .waits(let reason, let isKillable):
      memory.waits.append(SimWait(pid: pid, operation: operation, reason: reason, isKillable: isKillable))
      // What it did before it waits may be what others wait for.
      settle()
      return isWaiting(pid) ? .waits : .done
    }
  }

  private func attempt(_ operation: SimOperation, by pid: Int) throws -> SimProgress {
    switch operation {
    case .access(let address, let length, let isStore):
      try attemptAccess(pid, at: address, length: length, isStore: isStore)
    case .truncate(let source, let size): try attemptTruncate(source, to: size)
    case .evict(let source): attemptEvict(source)
    case .writeback(let source, let isSync): try attemptWriteback(source, isSync: isSync)
    case .unbind(let region, let id): try attemptUnbind(region, id)
    case .directAccess(let provider, let page, let pages):
      try attemptDirectAccess(provider, page, pages, isAtomic: false)
    }
  }

  /// Tries again what waits, in the order in which it began to, until nothing more goes on.
  func wake() {
    guard !isWaking else { return }
    isWaking = true
    defer { isWaking = false }
    var goesOn = true
    while goesOn {
      goesOn = false
      for wait in memory.waits where memory.waits.contains(wait) {
        var outcome = "goes on"
        do {
          switch try attempt(wait.operation, by: wait.pid) {
          case .waits: continue
          case .killed: outcome = "is killed by SIGBUS"
          case .done: break
          }
        } catch let fault as SimFault { outcome = "fails: \(fault.reason)" } catch {
          outcome = "fails: \(error)"
        }
        memory.waits.removeAll { $0 == wait }
        woken.append((wait.pid, outcome))
        goesOn = true
        tidy()
      }
    }
  }

  /// Who could end a wait.
  func holders(of wait: SimWait) -> Set<Int> {
    switch wait.operation {
    case .access(let address, _, _):
      guard let source = mappedSource(wait.pid, address) else { return [] }
      return Set(writers(of: source).filter { $0 != wait.pid })
    case .truncate(let source, let size):
      let cut = (size + 4095) / 4096 * 4096
      return pinHolders(source, from: cut).union(transferHolders(source)).union(faultHolders(source))
    case .evict(let source): return pinHolders(source, from: 0)
    case .writeback(let source, _):
      return Set(memory.pins.filter { $0.isDRAM && $0.source == source }.map(\.pid))
    case .unbind(let region, let id):
      var found = Set(
        memory.pins.filter { pin in
          !pin.isDangling && pin.pieces.contains { $0.region == region && $0.namespace == id }
        }.map(\.pid))
      found.formUnion(
        memory.faults.filter { $0.piece.region == region && $0.piece.namespace == id }.map(\.pid))
      if policies.teardown == .memory {
        found.formUnion(
          memory.processes.filter { $0.mappings.contains { isUnder($0.source.volume, region, id) } }.map(
            \.pid))
      }
      return found
    case .directAccess: return []
    }
  }

  /// What a process has mapped at an address.
  func mappedSource(_ pid: Int, _ address: UInt64) -> SimSource? {
    memory.processes.first { $0.pid == pid }?.mappings.first { $0.start <= address && address < $0.end }?
      .source
  }

  private func pinHolders(_ source: SimSource, from offset: UInt64) -> Set<Int> {
    guard let file = file(source) else { return [] }
    let blocks = pieces(source.volume, file.pieces(offset..<UInt64.max))
    return Set(pins(on: blocks).map(\.pid))
  }

  private func transferHolders(_ source: SimSource) -> Set<Int> {
    Set(memory.transfers.filter { $0.storage == source }.map(\.pid))
  }

  private func faultHolders(_ source: SimSource) -> Set<Int> {
    Set(memory.faults.filter { mappedSource($0.pid, $0.address) == source }.map(\.pid))
  }

  /// Who waits in the writeback of a file, with its pages locked.
  func writers(of source: SimSource) -> [Int] {
    memory.waits.compactMap { wait in
      if case .writeback(source, _) = wait.operation { wait.pid } else { nil }
    }
  }

  /// Pins of pages that are there.
  func pins(on blocks: [SimPin.Piece]) -> [SimPin] {
    memory.pins.filter { pin in
      !pin.isDangling
        && pin.pieces.contains { held in blocks.contains { $0.intersection(held) != nil } }
    }
  }
}
