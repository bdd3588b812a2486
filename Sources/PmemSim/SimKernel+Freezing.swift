import PmemDevice

/// Stopping a device's queue, freezing a filesystem, and what DAX mappings make of that.
///
/// A stopped queue stops block I/O; a store through a DAX mapping is no I/O. What is argued over is whether page table
/// entries are removed or write-protected, so that the next access faults, and faults wait.
extension SimKernel {
  /// - Parameters:
  ///   - volume: Whose queue, or whose filesystem.
  ///   - isFilesystem: Which of them.
  ///   - policy: nil: what is in force on the machine (``SimPolicy/queueFreeze``, ``SimPolicy/filesystemFreeze``).
  /// - Returns: How many entries were visited, in pages.
  /// - Throws: EBUSY where it is frozen already.
  func freeze(_ volume: SimVolume, isFilesystem: Bool, policy: SimFreezePolicy?) throws -> UInt64 {
    guard !memory.freezes.contains(where: { $0.volume == volume && $0.isFilesystem == isFilesystem }) else {
      throw SimFault(16, "it is frozen already")
    }
    if isFilesystem {
      guard filesystem(volume) != nil else { throw SimFault(22, "there is no filesystem on it") }
      // fs/super.c:freeze_super waits for faults that store (SB_FREEZE_PAGEFAULT); here nobody could.
      if rule(.freezeHoldsFaults), let fault = storeInFlight(on: volume) {
        throw SimFault(16, "a fault of process \(fault.pid) that stores is under way: freezing waits for it")
      }
    } else {
      guard try daxAlign(of: volume) == nil else { throw SimFault(25, "a DAX device has no queue to freeze") }
    }
    let own = isFilesystem ? policies.filesystemFreeze : policies.queueFreeze
    var freeze = SimFreeze(volume: volume, isFilesystem: isFilesystem, policy: policy ?? own)
    for process in memory.processes.indices {
      for index in memory.processes[process].mappings.indices
      where memory.processes[process].mappings[index].isDAX
        && concerns(freeze, memory.processes[process].mappings[index])
      {
        let mapping = memory.processes[process].mappings[index]
        guard rule(.freezeChangesEntries) else { continue }
        switch freeze.policy {
        case .none: break
        case .unmap:
          freeze.cost += mapping.populated.length / mapping.pageSize
          memory.processes[process].mappings[index].populated = ExtentSet()
          memory.processes[process].mappings[index].stored = ExtentSet()
        case .writeProtect:
          freeze.cost += mapping.stored.length / mapping.pageSize
          memory.processes[process].mappings[index].stored = ExtentSet()
        }
      }
    }
    memory.freezes.append(freeze)
    return freeze.cost
  }

  /// Lets everybody go on who waits for it.
  ///
  /// - Returns: How many stores reached the media meanwhile, and who goes on.
  func thaw(_ volume: SimVolume, isFilesystem: Bool) throws -> (stores: UInt64, woken: [Int]) {
    let found = memory.freezes.firstIndex { $0.volume == volume && $0.isFilesystem == isFilesystem }
    guard let found else { throw SimFault(22, "it is not frozen") }
    let freeze = memory.freezes.remove(at: found)
    let waiting = memory.waits.map(\.pid)
    settle()
    return (freeze.stores, waiting.filter { !isWaiting($0) })
  }

  /// What holds a fault up; nil where nothing does.
  func freeze(holdingUp mapping: SimMapping, isStore: Bool) -> SimFreeze? {
    memory.freezes.first { freeze in
      guard concerns(freeze, mapping) else { return false }
      guard rule(.entriesNeedNoFault) else { return isStore }
      switch freeze.policy {
      case .unmap: return true
      case .writeProtect: return isStore
      // sb_start_pagefault(): a filesystem has always held up faults that store; a block device has no such thing.
      case .none: return isStore && freeze.isFilesystem && rule(.freezeHoldsFaults)
      }
    }
  }

  /// What holds up everybody who changes a filesystem (sb_start_write).
  func freeze(ofFilesystemOn volume: SimVolume) -> SimFreeze? {
    memory.freezes.first { $0.isFilesystem && $0.volume == volume }
  }

  /// Refuses what would wait for a frozen filesystem, where there is nobody who could.
  func checkNotFrozen(_ volume: SimVolume) throws {
    if let freeze = freeze(ofFilesystemOn: volume) {
      throw SimFault(11, "\(freeze.volume.word) is frozen: a process would wait")
    }
  }

  private func storeInFlight(on volume: SimVolume) -> SimFaultInFlight? {
    memory.faults.first { fault in
      guard fault.isStore, let source = mappedSource(fault.pid, fault.address) else { return false }
      return source.volume == volume && source.inode != nil
    }
  }

  func countStore(through mapping: SimMapping) {
    for place in memory.freezes.indices where concerns(memory.freezes[place], mapping) {
      memory.freezes[place].stores += 1
    }
  }

  private func concerns(_ freeze: SimFreeze, _ mapping: SimMapping) -> Bool {
    let volume = mapping.source.volume
    guard !freeze.isFilesystem else { return volume == freeze.volume && mapping.source.inode != nil }
    if volume == freeze.volume { return true }
    // What is stacked on it, or a part of it, has its queue.
    guard case .namespace(let region, let id) = freeze.volume else { return false }
    return isUnder(volume, region, id)
  }
}
