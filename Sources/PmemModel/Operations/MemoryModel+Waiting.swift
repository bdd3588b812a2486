package import PmemDevice

/// Operations that wait, and continue when the object that they wait for is gone.
extension MemoryModel {
  /// Whether a rule of the model is in force.
  package func rule(_ rule: ModelRule) -> Bool { !disabledRules.contains(rule) }

  package func isWaiting(_ pid: ProcessID) -> Bool { state.blockedTasks.contains { $0.pid == pid } }

  /// Refuses what a process cannot do that is not there (ESRCH), or waits (EBUSY).
  package func checkRuns(_ pid: ProcessID) throws(KernelRefusal) {
    _ = try processIndex(pid)
    guard !isWaiting(pid) else { throw KernelRefusal(16, "process \(pid) waits already") }
  }

  /// Begins an operation of a process.
  ///
  /// - Throws: ESRCH for a process that is not there, EBUSY for one that waits, and the operation's own errors.
  package mutating func perform(_ operation: Operation, by pid: ProcessID) throws(KernelRefusal)
    -> AccessOutcome
  {
    try checkRuns(pid)
    switch try attempt(operation, by: pid) {
    case .done:
      reclaimAndWake()
      return .done
    case .killed: return .killed
    case .waits(let wait):
      block(pid, in: operation, wait)
      return isWaiting(pid) ? .waits : .done
    }
  }

  /// Blocks a process. Its completed steps may block others.
  mutating func block(
    _ pid: ProcessID, in operation: Operation, _ wait: Wait, endsProcess: Bool = false
  ) {
    state.blockedTasks.append(
      BlockedTask(
        pid: pid, operation: wait.rest ?? operation, cause: wait.cause, reason: wait.reason,
        endsProcess: endsProcess))
    reclaimAndWake()
  }

  private mutating func attempt(_ operation: Operation, by pid: ProcessID) throws(KernelRefusal)
    -> OperationProgress
  {
    switch operation {
    case .access(let address, let length, let isStore):
      return try attemptAccess(pid, at: address, length: length, isStore: isStore)
    case .truncate(let source, let size): return try attemptTruncate(source, to: size)
    case .read(let source, let offset, let length):
      return try attemptRead(source, offset: offset, length: length)
    case .write(let source, let offset, let length, let isSync):
      return try attemptWrite(source, offset: offset, length: length, isSync: isSync)
    case .create(let path, let size): return try attemptCreate(path, size: size)
    case .remove(let source): return attemptRemove(source)
    case .writeback(let source, let isSync): return try attemptWriteback(source, isSync: isSync)
    case .sync(let volume): return try attemptSync(volume)
    case .freeze(let volume, let policy): return try attemptFreeze(volume, policy: policy)
    case .unmount(let volume): return attemptShutdown(volume)
    case .pin(let request):
      if let wait = try obstacle(to: request, by: pid) { return .waits(wait) }
      _ = try takePin(pid, request)
      return .done
    case .beginTransfer(let request):
      if let wait = try obstacle(to: request, by: pid) { return .waits(wait) }
      _ = try takeTransfer(pid, request)
      return .done
    case .unbind(let device): return try attemptUnbind(device)
    case .directAccess(let provider, let page, let pages):
      return try attemptDirectAccess(provider, page, pages, isAtomic: false)
    }
  }

  /// Retries blocked operations, in the order in which they were blocked, until none continues.
  package mutating func wake() {
    guard !isWaking else { return }
    isWaking = true
    defer { isWaking = false }
    var goesOn = true
    while goesOn {
      goesOn = false
      for task in state.blockedTasks {
        guard let index = state.blockedTasks.firstIndex(of: task) else { continue }
        if let pin = pinThatKeepsAsleep(task.cause) {
          state.blockedTasks[index].reason = Self.reason(pin)
          continue
        }
        // A task does not block itself: neither by its locks nor by its sleep.
        state.blockedTasks.remove(at: index)
        resumedTask = task
        defer { resumedTask = nil }
        var outcome = "goes on"
        do throws(KernelRefusal) {
          switch try attempt(task.operation, by: task.pid) {
          case .waits(let wait):
            var again = task
            (again.cause, again.reason) = (wait.cause, wait.reason)
            again.operation = wait.rest ?? task.operation
            state.blockedTasks.insert(again, at: min(index, state.blockedTasks.count))
            if again.cause != task.cause { goesOn = true }
            continue
          case .killed: outcome = "is killed by SIGBUS"
          case .done: break
          }
        } catch {
          backOut(of: task)
          outcome = "fails: \(error.reason)"
        }
        if task.endsProcess { try? stopProcess(task.pid) }
        observations.wokenTasks.append(WokenTask(task.pid, outcome))
        goesOn = true
        reclaim()
      }
    }
  }

  /// A pin that nothing wakes a task before: the last reference to a page that is put does (wake_up_var), and nothing else,
  /// so that unmapping a file does not end a wait that has begun. nil if it can be tried again.
  private func pinThatKeepsAsleep(_ cause: WaitCause) -> Pin? {
    guard case .page(let page) = cause, rule(.lastPutWakes) else { return nil }
    return pins(on: [page]).first
  }

  static func reason(_ pin: Pin) -> String { "pin \(pin.id) of process \(pin.pid) holds pages of it" }

  // MARK: Who could end a wait

  /// Processes that could end a wait; 0 for one that is no more.
  ///
  /// - Parameters:
  ///   - task: Who waits.
  ///   - mustRun: Only those that have to run for it: direct I/O is finished by its device, and a fault under way by the
  ///     thread that is in it, whatever the rest of its process waits for.
  /// - Returns: Their numbers.
  package func blockers(of task: BlockedTask, mustRun: Bool = false) -> Set<ProcessID> {
    func holders(_ pins: [Pin]) -> Set<ProcessID> {
      Set(pins.filter { !mustRun || !$0.kind.endsByItself }.map(\.pid))
    }
    switch task.cause {
    case .freeze(let volume): return freezers(of: volume)
    case .writers(let volume):
      let writers = writers(on: volume).filter { !mustRun || !$0.isTransfer }
      let faults = mustRun ? tasksWithStoringFaults(on: volume) : storingFaults(on: volume)
      return Set(writers.map(\.pid) + faults)
    case .page(let page), .evictedPage(let page): return holders(pins(on: [page]))
    case .cachedPage(let source, let page):
      return holders(
        state.pins.filter { $0.isDRAM && $0.source == source && $0.attachedPages.contains(page) })
    case .pageLock(let source, let page, _): return Set(pageLockers(of: source, page..<page + 1).map(\.pid))
    case .inodeLock(let source): return Set(inodeLocker(of: source).map { [$0] } ?? [])
    case .directIO(let source):
      return mustRun ? [] : Set(state.transfers.filter { $0.storage == source }.map(\.pid))
    case .fault(let source):
      let faults = state.pageFaults.filter { mappedSource($0.pid, $0.address) == source }
      return mustRun ? [] : Set(faults.map(\.pid))
    case .deviceFault(let device):
      return mustRun ? [] : Set(state.pageFaults.filter { $0.piece.device == device }.map(\.pid))
    case .devicePages(let device): return holders(pins(on: device))
    case .deviceMappings(let device):
      return Set(
        state.processes.filter { $0.mappings.contains { isUnder($0.source.volume, device) } }.map(\.pid)
      ).union(holders(pins(on: device)))
    case .queue, .driver: return []
    }
  }

  private func freezers(of volume: Volume) -> Set<ProcessID> {
    Set(
      state.blockedTasks.filter { task in
        if case .freeze(volume, _) = task.operation { true } else { false }
      }.map(\.pid))
  }

  private func pins(on device: DeviceID) -> [Pin] {
    state.pins.filter { pin in !pin.isDangling && pin.pieces.contains { $0.device == device } }
  }

  /// The object that a process has mapped at an address.
  package func mappedSource(_ pid: ProcessID, _ address: UInt64) -> MappedObject? {
    state.processes.first { $0.pid == pid }?.mappings.first { $0.start <= address && address < $0.end }?
      .source
  }

  // MARK: Locks

  /// Who waits with pages of a range of a file locked, and the first such page.
  func pageLockers(
    of source: MappedObject, _ pages: Range<UInt64>
  ) -> [(pid: ProcessID, page: UInt64)] {
    guard rule(.writebackLocksPages) else { return [] }
    return state.blockedTasks.compactMap { task in
      guard let locked = task.lockedPage, locked.file == source, pages.contains(locked.page) else {
        return nil
      }
      return (task.pid, locked.page)
    }
  }

  /// The locked page of a range of a file that an operation waits for; nil if none is locked.
  func pageLockWait(_ source: MappedObject, _ pages: Range<UInt64>, isFault: Bool = false) -> Wait? {
    pageLockers(of: source, pages).first.map { pid, page in
      Wait(
        .pageLock(source, page: page, isFault: isFault),
        "process \(pid) has page \(page) locked and writes it back")
    }
  }

  /// Who waits with the inode of a file locked for itself.
  private func inodeLocker(of source: MappedObject) -> ProcessID? {
    state.blockedTasks.first { $0.lockedInode == source }?.pid
  }

  /// The lock of a file's inode that an operation waits for; nil if no process has it
  /// (fs/ext4/inode.c:ext4_wait_dax_page drops the invalidate_lock alone).
  func inodeLockWait(_ source: MappedObject) -> Wait? {
    guard rule(.waitingKeepsInodeLocked) else { return nil }
    return inodeLocker(of: source).map { pid in
      Wait(.inodeLock(source), "process \(pid) has \(name(source)) locked, and waits")
    }
  }

  /// Pins of pages that are there.
  package func pins(on blocks: [DeviceExtent]) -> [Pin] {
    state.pins.filter { pin in
      !pin.isDangling
        && pin.pieces.contains { held in blocks.contains { $0.intersection(held) != nil } }
    }
  }

  /// The first of some pages that is referenced, and its pin; nil if none is.
  func firstPinned(_ blocks: [DeviceExtent]) -> (page: DeviceExtent, pin: Pin)? {
    for block in blocks {
      for pin in state.pins where !pin.isDangling {
        for held in pin.pieces {
          guard let both = held.intersection(block) else { continue }
          return (
            DeviceExtent(
              device: block.device, extent: Extent(offset: both.offset / 4096 * 4096, length: 4096)),
            pin
          )
        }
      }
    }
    return nil
  }
}
