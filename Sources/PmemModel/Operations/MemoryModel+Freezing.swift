package import PmemDevice

/// Freezing a filesystem (fs/super.c:freeze_super).
///
/// It lets no new writer in and waits for those under way, then for faults that store, then writes what is dirty and commits.
/// From then on the media must not change until it is thawed.
extension MemoryModel {
  /// Freezes a filesystem for a process, which waits as the kernel does, or stops a device's queue.
  ///
  /// - Parameters:
  ///   - volume: Whose queue, or whose filesystem.
  ///   - isFilesystem: Which of them.
  ///   - policy: nil: the policy in force on the machine (``Policy/queueFreeze``, ``Policy/filesystemFreeze``).
  ///   - pid: The process; nil: a freeze that does not wait, so that operations under way continue in a frozen
  ///     filesystem.
  /// - Returns: How many entries of page tables were visited, in pages; nil while the process waits.
  /// - Throws: EBUSY if it is frozen already, EAGAIN if writes must finish first and no process can wait.
  package mutating func freeze(
    _ volume: Volume, isFilesystem: Bool, policy: FreezePolicy?, by pid: ProcessID? = nil
  ) throws(KernelRefusal) -> UInt64? {
    guard !state.freezes.contains(where: { $0.volume == volume && $0.isFilesystem == isFilesystem }) else {
      throw KernelRefusal(16, "it is frozen already")
    }
    guard isFilesystem else { return try stopQueue(volume, policy: policy) }
    guard filesystem(volume)?.isLive == true else { throw KernelRefusal(22, "there is no filesystem on it") }
    if let pid {
      guard try perform(.freeze(volume, policy), by: pid) == .done else { return nil }
    } else {
      let before = state
      if case .waits(let wait) = try attemptFreeze(volume, policy: policy, waitsForWriters: false) {
        state = before
        throw KernelRefusal(11, "\(wait.reason): a process would wait")
      }
      reclaimAndWake()
    }
    return freeze(ofFilesystemOn: volume)?.cost ?? 0
  }

  mutating func attemptFreeze(
    _ volume: Volume, policy: FreezePolicy?, waitsForWriters: Bool = true
  ) throws(KernelRefusal) -> OperationProgress {
    guard filesystem(volume)?.isLive == true else { throw KernelRefusal(22, "there is no filesystem on it") }
    let index: Int
    if let found = state.freezes.firstIndex(where: { $0.volume == volume && $0.isFilesystem }) {
      index = found
    } else {
      let freeze = Freeze(
        volume: volume, isFilesystem: true, policy: policy ?? policies.filesystemFreeze, stage: .writers)
      state.freezes.append(freeze)
      index = state.freezes.count - 1
    }
    let waits = waitsForWriters && rule(.freezeWaitsForWriters)
    if waits, let writer = writers(on: volume).first {
      return .waits(.writers(volume), "\(writer.what) of process \(writer.pid) is under way on it")
    }
    if state.freezes[index].stage == .writers { state.freezes[index].stage = .faults }
    if waits, let pid = storingFaults(on: volume).first {
      return .waits(.writers(volume), "a fault of process \(pid) that stores is under way on it")
    }
    if state.freezes[index].stage == .faults {
      changeEntries(index)
      state.freezes[index].stage = .sync
    }
    if rule(.freezeSyncs) {
      let progress = try attemptSync(volume)
      guard case .done = progress else { return progress }
    }
    state.freezes[index].stage = .complete
    return .done
  }

  /// A freeze whose process is killed, or whose sync fails, is rolled back (fs/super.c:freeze_super, sb_freeze_unlock).
  mutating func backOut(of task: BlockedTask) {
    guard case .freeze(let volume, _) = task.operation else { return }
    state.freezes.removeAll { $0.volume == volume && $0.isFilesystem && $0.stage != .complete }
  }

  /// Who writes to a filesystem, and has not finished.
  func writers(on volume: Volume) -> [(pid: ProcessID, what: String, isTransfer: Bool)] {
    state.transfers.filter { !$0.isRead && $0.storage.volume == volume }
      .map { ($0.pid, "direct I/O", true) }
      + state.blockedTasks.filter { $0.writeAccess == volume }.map { ($0.pid, "a system call", false) }
  }

  /// Whose faults on files of a filesystem store, and have not finished.
  func storingFaults(on volume: Volume) -> [ProcessID] {
    let begun = state.pageFaults.filter { fault in
      guard fault.isStore, let source = mappedSource(fault.pid, fault.address) else { return false }
      return source.volume == volume && source.inode != nil
    }
    return begun.map(\.pid) + tasksWithStoringFaults(on: volume)
  }

  /// Those of them that wait in their fault for something else.
  func tasksWithStoringFaults(on volume: Volume) -> [ProcessID] {
    state.blockedTasks.filter { task in
      guard case .access(let address, _, isStore: true) = task.operation,
        case .pageLock = task.cause
      else { return false }
      return mappedSource(task.pid, address)?.volume == volume
    }.map(\.pid)
  }

  /// Changes page table entries as a freeze's policy says.
  private mutating func changeEntries(_ index: Int) {
    guard rule(.freezeChangesEntries) else { return }
    var freeze = state.freezes[index]
    for process in state.processes.indices {
      for index in state.processes[process].mappings.indices
      where state.processes[process].mappings[index].isDAX
        && concerns(freeze, state.processes[process].mappings[index])
      {
        let mapping = state.processes[process].mappings[index]
        switch freeze.policy {
        case .none: break
        case .unmap:
          freeze.cost += mapping.presentPTEs.length / mapping.pageSize
          state.processes[process].mappings[index].presentPTEs = ExtentSet()
          state.processes[process].mappings[index].writablePTEs = ExtentSet()
        case .writeProtect:
          freeze.cost += mapping.writablePTEs.length / mapping.pageSize
          state.processes[process].mappings[index].writablePTEs = ExtentSet()
        }
      }
    }
    state.freezes[index] = freeze
  }

  /// Wakes all processes that wait for it.
  ///
  /// - Returns: The number of stores that reached the media meanwhile, and the processes that continue.
  package mutating func thaw(_ volume: Volume, isFilesystem: Bool) throws(KernelRefusal) -> (
    stores: UInt64, woken: [ProcessID]
  ) {
    let found = state.freezes.firstIndex { $0.volume == volume && $0.isFilesystem == isFilesystem }
    guard let found else { throw KernelRefusal(22, "it is not frozen") }
    guard state.freezes[found].stage == .complete else {
      throw KernelRefusal(22, "it is being frozen, and that waits")
    }
    let freeze = state.freezes.remove(at: found)
    let waiting = state.blockedTasks.map(\.pid)
    reclaimAndWake()
    return (freeze.stores, waiting.filter { !isWaiting($0) })
  }

  // MARK: Who is held up

  /// The object that blocks a fault; nil if none does.
  package func freeze(holdingUp mapping: MemoryMapping, isStore: Bool) -> Freeze? {
    // It is past sb_start_pagefault(), and the freeze waits for it.
    if case .pageLock(_, _, isFault: true) = resumedTask?.cause { return nil }
    return state.freezes.first { freeze in
      guard concerns(freeze, mapping) else { return false }
      guard rule(.entriesNeedNoFault) else { return isStore }
      // sb_start_pagefault(): a filesystem has always held up faults that store, on DAX and in the page cache.
      if freeze.isFilesystem, isStore, freeze.stage >= .faults, rule(.freezeHoldsFaults) { return true }
      guard mapping.isDAX else { return false }
      switch freeze.policy {
      case .unmap: return freeze.stage >= .sync
      case .writeProtect: return isStore && !freeze.isFilesystem
      case .none: return false
      }
    }
  }

  /// The object that blocks every change of a filesystem (sb_start_write); nil if it is not frozen.
  package func freeze(ofFilesystemOn volume: Volume) -> Freeze? {
    state.freezes.first { $0.isFilesystem && $0.volume == volume }
  }

  /// The object that a writer waits for: a frozen filesystem.
  func freezeWait(_ volume: Volume) -> Wait? {
    guard let freeze = freeze(ofFilesystemOn: volume), rule(.freezeHoldsWriters),
      resumedTask?.writeAccess != volume
    else { return nil }
    return Wait(.freeze(volume), "\(freeze.volume.word) is \(freeze.word)")
  }

  /// The same for what writes to the media without access to the filesystem: until the freeze is complete it is what the
  /// freeze itself waits for.
  func frozenMediaWait(_ volume: Volume) -> Wait? {
    guard freeze(ofFilesystemOn: volume)?.stage == .complete else { return nil }
    return freezeWait(volume)
  }

  /// Refuses an operation that would wait for a frozen filesystem, if no process can wait.
  package func checkNotFrozen(_ volume: Volume) throws(KernelRefusal) {
    if let wait = freezeWait(volume) { throw KernelRefusal(11, "\(wait.reason): a process would wait") }
  }

  private func concerns(_ freeze: Freeze, _ mapping: MemoryMapping) -> Bool {
    let volume = mapping.source.volume
    guard !freeze.isFilesystem else { return volume == freeze.volume && mapping.source.inode != nil }
    if volume == freeze.volume { return true }
    // A stacked device, or a partition, shares its queue.
    guard case .device(let device) = freeze.volume else { return false }
    return isUnder(volume, device)
  }

  // MARK: Queues

  /// A stopped queue stops block I/O; a store through a DAX mapping is no I/O.
  private mutating func stopQueue(_ volume: Volume, policy: FreezePolicy?) throws(KernelRefusal) -> UInt64 {
    guard try daxAlign(of: volume) == nil else {
      throw KernelRefusal(25, "a DAX device has no queue to freeze")
    }
    state.freezes.append(
      Freeze(volume: volume, isFilesystem: false, policy: policy ?? policies.queueFreeze))
    changeEntries(state.freezes.count - 1)
    return state.freezes.last?.cost ?? 0
  }

  /// The object that block I/O to a volume waits for: its own queue, or one below it, that is stopped; nil for none.
  func queueWait(_ volume: Volume) -> Wait? {
    guard rule(.stoppedQueueHoldsIO), let stopped = stoppedQueue(under: volume) else { return nil }
    return Wait(.queue(stopped), "the queue of \(stopped.word) is stopped")
  }

  private func stoppedQueue(under volume: Volume) -> Volume? {
    if state.freezes.contains(where: { !$0.isFilesystem && $0.volume == volume }) { return volume }
    switch volume {
    case .device: return nil
    case .partition(let disk, _): return stoppedQueue(under: .device(disk))
    case .stack(let number):
      let pieces = state.stacks.first { $0.number == number }?.pieces ?? []
      return pieces.lazy.compactMap { stoppedQueue(under: $0.volume) }.first
    }
  }

  // MARK: Changes in spite of it

  /// Records stores to media: a store to a frozen device or filesystem violates what freezing promises.
  mutating func noteMediaStore(_ pieces: [DeviceExtent]) {
    for index in state.freezes.indices where state.freezes[index].stage == .complete {
      let freeze = state.freezes[index]
      let hit = pieces.filter { covers(freeze.volume, $0) }
      guard !hit.isEmpty else { continue }
      state.freezes[index].stores += 1
      for (subject, what) in owners(of: hit) {
        recordViolation(
          .storeWhileFrozen, "\(what) was stored to while \(freeze.volume.word) was frozen",
          of: "\(subject) on \(freeze.volume.word)")
      }
    }
  }

  private func covers(_ volume: Volume, _ piece: DeviceExtent) -> Bool {
    switch volume {
    case .device(let device): return piece.device == device
    case .partition(let disk, let number):
      let own = state.partitions.first { $0.disk == disk && $0.number == number }
      return piece.device == disk && own?.extent.overlaps(piece.extent) == true
    case .stack(let number):
      return state.stacks.first { $0.number == number }?.pieces.contains { part in
        self.pieces(part.volume, [part.extent]).contains { $0.intersection(piece) != nil }
      } ?? false
    }
  }

  /// Whose some parts of media are: files with their pages, or the parts themselves.
  private func owners(of parts: [DeviceExtent]) -> [(subject: String, what: String)] {
    var found: [(String, String)] = []
    for filesystem in state.filesystems {
      for file in filesystem.files {
        var position: UInt64 = 0
        for own in pieces(filesystem.volume, file.extents) {
          for part in parts {
            guard let both = own.intersection(part) else { continue }
            let first = (position + both.offset - own.extent.offset) / 4096
            let text =
              "\(Self.pageText(first..<first + max(1, both.length / 4096))) of \(filesystem.path(of: file))"
            found.append((text, text))
          }
          position += own.extent.length
        }
      }
    }
    guard found.isEmpty else { return found }
    return parts.map { part in
      let text = "\(part.device) at \(part.extent.offset), \(part.extent.length) bytes"
      return (text, text)
    }
  }

  /// `page 3`, `pages 3 to 5`.
  static func pageText(_ pages: Range<UInt64>) -> String {
    pages.count == 1 ? "page \(pages.lowerBound)" : "pages \(pages.lowerBound) to \(pages.upperBound - 1)"
  }
}
