import PmemDevice

/// Unbinding a device's driver while it is in use, as a write to its `unbind` file does: nothing looks first.
extension MemoryModel {
  mutating func attemptUnbind(_ id: DeviceID) throws(KernelRefusal) -> OperationProgress {
    guard try existingDevice(id).isAlive else { throw KernelRefusal(19, "\(id) has no driver") }
    try checkNotHeld(.device(id))
    try checkNotOnline(id)
    if policies.teardown == .memory, rule(.mappingsHoldDevice),
      let process = state.processes.first(where: { process in
        process.mappings.contains { !$0.isRevoked && isUnder($0.source.volume, id) }
      })
    {
      return .waits(.deviceMappings(id), "process \(process.pid) maps it")
    }
    state.withPages(id) { $0.isDying = true }
    if rule(.teardownDrainsFaults), let fault = state.pageFaults.first(where: { $0.piece.device == id }) {
      return .waits(.deviceFault(id), "a fault of process \(fault.pid) is under way")
    }
    revokeMappings { $0 == id }
    if policies.teardown != .storage, rule(.teardownWaits), isReferenced(id) {
      return .waits(.devicePages(id), "pages of it are referenced")
    }
    markUnbound(id)
    tearDown { $0 == id }
    return .done
  }

  /// Refuses if memory of a device is online as system-ram.
  private func checkNotOnline(_ id: DeviceID) throws(KernelRefusal) {
    guard device(id)?.isOnline != true else {
      throw KernelRefusal(16, "its memory is online as system-ram")
    }
  }

  /// Whether a device is being removed, for faults.
  func isDying(_ volume: Volume) -> Bool {
    rule(.teardownBlocksFaults) && devices(under: volume).contains { state.pages($0).isDying }
  }

  /// unmap_mapping_range: nothing is behind the mappings any more.
  private mutating func revokeMappings(_ isGone: (DeviceID) -> Bool) {
    guard rule(.teardownRevokes) else { return }
    for process in state.processes.indices {
      for index in state.processes[process].mappings.indices {
        let volume = state.processes[process].mappings[index].source.volume
        guard devices(under: volume).contains(where: isGone) else { continue }
        state.processes[process].mappings[index].isRevoked = true
        state.processes[process].mappings[index].presentPTEs = ExtentSet()
        state.processes[process].mappings[index].writablePTEs = ExtentSet()
        state.processes[process].mappings[index].anonymous = ExtentSet()
      }
    }
  }

  /// Removes devices: their mappings stay, without pages (drivers/dax/bus.c:kill_dev_dax), and so do references to
  /// their struct pages, which are freed.
  package mutating func tearDown(_ isGone: (DeviceID) -> Bool) {
    revokeMappings(isGone)
    guard rule(.teardownFreesPages) else { return }
    for index in state.pins.indices where !state.pins[index].isDangling {
      guard state.pins[index].pieces.contains(where: { isGone($0.device) }) else { continue }
      state.pins[index].isDangling = true
      recordViolation(
        .teardownWithReferences,
        "the pages of pin \(state.pins[index].id) of process \(state.pins[index].pid) were freed",
        of: "pin \(state.pins[index].id)")
    }
    for index in state.pageFaults.indices where isGone(state.pageFaults[index].piece.device) {
      state.pageFaults[index].isStray = true
    }
    for index in state.pages.indices where isGone(state.pages[index].device) {
      state.pages[index].references = RunMap(.none)
      state.pages[index].pgmapReferences = 0
      state.pages[index].isDying = false
    }
  }
}
