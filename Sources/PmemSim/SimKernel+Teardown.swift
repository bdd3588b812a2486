import PmemDevice

/// Taking the driver of a namespace away under whoever uses it, as a write to its `unbind` file does: nothing looks first.
extension SimKernel {
  func attemptUnbind(_ region: Int, _ id: Int) throws -> SimProgress {
    let place = try position(region, id)
    guard regions[region].namespaces[place].isEnabled else {
      throw SimFault(19, "namespace\(region).\(id) has no driver")
    }
    try checkNotHeld(region, id)
    try checkNotOnline(region, id)
    if policies.teardown == .memory, rule(.mappingsHoldDevice),
      let process = memory.processes.first(where: { process in
        process.mappings.contains { !$0.isRevoked && isUnder($0.source.volume, region, id) }
      })
    {
      return .waits("process \(process.pid) maps it")
    }
    memory.withPages(region, id) { $0.isDying = true }
    if rule(.teardownDrainsFaults),
      let fault = memory.faults.first(where: { $0.piece.region == region && $0.piece.namespace == id })
    {
      return .waits("a fault of process \(fault.pid) is under way")
    }
    revokeMappings(region, id)
    if policies.teardown != .storage, rule(.teardownWaits), isReferenced(region, id) {
      return .waits("pages of it are referenced")
    }
    try disableNamespace(region, id)
    return .done
  }

  /// Whether a device is being taken away, for faults.
  func isDying(_ volume: SimVolume) -> Bool {
    rule(.teardownBlocksFaults)
      && namespaces(under: volume).contains { memory.pages($0.region, $0.id).isDying }
  }

  /// unmap_mapping_range: nothing is behind the mappings any more.
  func revokeMappings(_ region: Int, _ id: Int?) {
    guard rule(.teardownRevokes) else { return }
    for process in memory.processes.indices {
      for index in memory.processes[process].mappings.indices {
        guard isUnder(memory.processes[process].mappings[index].source.volume, region, id) else { continue }
        memory.processes[process].mappings[index].isRevoked = true
        memory.processes[process].mappings[index].populated = ExtentSet()
        memory.processes[process].mappings[index].stored = ExtentSet()
      }
    }
  }

  /// A device goes away: its mappings stay, with nothing behind them (drivers/dax/bus.c:kill_dev_dax), and so do
  /// references to its pages, which are no more.
  func revoke(_ region: Int, _ id: Int?) {
    revokeMappings(region, id)
    guard rule(.teardownFreesPages) else { return }
    for place in memory.pins.indices where !memory.pins[place].isDangling {
      let isHere = memory.pins[place].pieces.contains {
        $0.region == region && (id == nil || $0.namespace == id)
      }
      guard isHere else { continue }
      memory.pins[place].isDangling = true
      damage(
        .teardownWithReferences,
        "the pages of pin \(memory.pins[place].id) of process \(memory.pins[place].pid) were freed")
    }
    for place in memory.faults.indices
    where memory.faults[place].piece.region == region
      && (id == nil || memory.faults[place].piece.namespace == id)
    {
      memory.faults[place].isStray = true
    }
    for place in memory.pages.indices
    where memory.pages[place].region == region && (id == nil || memory.pages[place].id == id) {
      memory.pages[place].references = RunMap(.none)
      memory.pages[place].device = 0
      memory.pages[place].isDying = false
    }
  }
}
