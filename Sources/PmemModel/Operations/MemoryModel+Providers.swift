package import PmemDevice

/// Drivers that answer ->direct_access, and callers that may sleep or not.
extension MemoryModel {
  package mutating func makeProvider(
    _ provider: DirectAccessDriver, under device: DeviceID? = nil
  ) throws(KernelRefusal) {
    var provider = provider
    if let device {
      guard try existingDevice(device).isAlive, !state.providers.contains(where: { $0.device == device })
      else {
        throw KernelRefusal(16, "\(device) has no driver of its own, or another one")
      }
      provider.device = device
      provider.pages = try size(of: .device(device)) / 4096
    }
    guard !state.providers.contains(where: { $0.name == provider.name }) else {
      throw KernelRefusal(17, "there is a provider \(provider.name)")
    }
    guard provider.pages > 0, provider.pages <= 1 << 38 else { throw KernelRefusal(22, "that is not a size") }
    state.providers.append(provider)
  }

  /// Takes a provider away: who waits in it gets an error (drivers/dax/super.c:kill_dax).
  package mutating func removeProvider(_ name: String) throws(KernelRefusal) {
    let index = try provider(name)
    state.providers.remove(at: index)
    reclaimAndWake()
  }

  private func provider(_ name: String) throws(KernelRefusal) -> Int {
    guard let index = state.providers.firstIndex(where: { $0.name == name }) else {
      throw KernelRefusal(6, "there is no provider \(name)")
    }
    return index
  }

  /// Gives the machine's memory more pages, or takes them.
  package mutating func setPool(_ name: String, _ pages: UInt64) throws(KernelRefusal) {
    state.providers[try provider(name)].pool = pages
    reclaimAndWake()
  }

  /// The fetched data have arrived, or could not be fetched.
  package mutating func finishUpdate(_ name: String, fails: Bool) throws(KernelRefusal) {
    let index = try provider(name)
    guard !state.providers[index].fetching.isEmpty else {
      throw KernelRefusal(61, "nothing is being fetched")
    }
    let fetched = state.providers[index].fetching
    state.providers[index].fetching = ExtentSet()
    if !fails {
      for extent in fetched.extents { state.providers[index].present.insert(extent) }
    } else {
      for wait in state.blockedTasks {
        guard wait.cause == .driver(name) else { continue }
        state.blockedTasks.removeAll { $0 == wait }
        if case .access = wait.operation {
          try stopProcess(wait.pid)
          observations.wokenTasks.append(WokenTask(wait.pid, "is killed by SIGBUS"))
          continue
        }
        observations.wokenTasks.append(WokenTask(wait.pid, "fails: the update did not come"))
      }
    }
    reclaimAndWake()
  }

  /// Asks for the address of `pages` pages.
  ///
  /// - Returns: How many can be used from there on.
  package mutating func directAccess(
    _ pid: ProcessID, _ name: String, _ page: UInt64, _ pages: UInt64, isAtomic: Bool
  ) throws(KernelRefusal) -> DirectAccessGrant {
    try checkRuns(pid)
    let index = try provider(name)
    state.providers[index].calls &+= 1
    let sleeps = state.providers[index].sleeps
    switch try attemptDirectAccess(name, page, pages, isAtomic: isAtomic) {
    case .waits(let wait):
      // One that waits for memory is counted when it has some.
      if state.providers[index].kind == .remote { state.providers[index].sleeps &+= 1 }
      state.blockedTasks.append(
        BlockedTask(
          pid: pid, operation: .directAccess(provider: name, page: page, pages: pages), cause: wait.cause,
          reason: wait.reason))
      return DirectAccessGrant(pages: nil, slept: true)
    case .done, .killed:
      let there = state.providers[index].present.extents.first {
        $0.offset <= page * 4096 && page * 4096 < $0.end
      }
      let available = state.providers[index].kind == .brd ? 1 : (there.map { $0.end / 4096 - page } ?? 1)
      return DirectAccessGrant(
        pages: min(available, pages), slept: state.providers[index].sleeps > sleeps)
    }
  }

  /// ->direct_access from a fault: it may sleep there (fs/dax.c:dax_iomap_direct_access under dax_read_lock, which is
  /// SRCU), and what fails is SIGBUS.
  mutating func attemptDriver(under mapping: MemoryMapping, _ range: Range<UInt64>) -> OperationProgress {
    guard rule(.faultsAskDriver), state.providers.contains(where: { $0.device != nil }) else { return .done }
    let source = mapping.pages(range)
    let bytes = (mapping.offset + source.offset)..<(mapping.offset + source.end)
    for piece in pieces(mapping.source.volume, extents(mapping.source, bytes)) {
      guard let driver = state.providers.first(where: { $0.device == piece.device }) else { continue }
      for page in piece.extent.offset / 4096..<(piece.extent.end + 4095) / 4096 {
        do throws(KernelRefusal) {
          let progress = try attemptDirectAccess(driver.name, page, 1, isAtomic: false)
          guard case .done = progress else { return progress }
        } catch { return .killed }
      }
    }
    return .done
  }

  /// One page at a time from brd (drivers/block/brd.c:brd_direct_access, 4.0 to 4.14); from elsewhere what has been
  /// fetched.
  package mutating func attemptDirectAccess(
    _ name: String, _ page: UInt64, _ pages: UInt64, isAtomic: Bool
  ) throws(KernelRefusal) -> OperationProgress {
    let index = try provider(name)
    guard page < state.providers[index].pages, pages > 0 else {
      throw KernelRefusal(34, "the device ends at page \(state.providers[index].pages)")
    }
    let asked = Extent(offset: page * 4096, length: 4096)
    guard !state.providers[index].present.contains(asked) else { return .done }
    let maySleep = policies.directAccess == .maySleep
    if maySleep, isAtomic, rule(.atomicMayNotSleep) {
      recordViolation(.sleepInAtomic, "\(name) may sleep for page \(page), called in atomic context")
    }
    switch state.providers[index].kind {
    case .brd:
      guard rule(.brdAllocates) else { return .done }
      guard state.providers[index].pool > 0 else {
        if maySleep { return .waits(.driver(name), "until there is memory for a page of \(name)") }
        recordViolation(
          .spuriousFailure, "\(name) has no memory for page \(page) at the moment, and may not wait for it")
        throw KernelRefusal(28, "no page can be allocated without sleeping")
      }
      state.providers[index].pool -= 1
      if maySleep { state.providers[index].sleeps &+= 1 }
      state.providers[index].present.insert(asked)
      return .done
    case .remote:
      guard rule(.remoteUpdatesFirst) else { return .done }
      guard maySleep else {
        recordViolation(
          .spuriousFailure, "page \(page) of \(name) must be fetched first, and the caller may not sleep")
        throw KernelRefusal(5, "the page is elsewhere, and cannot be waited for")
      }
      let rest = state.providers[index].pages - page
      let end = page + min(pages, rest)
      state.providers[index].fetching.insert(Extent(offset: page * 4096, length: (end - page) * 4096))
      return .waits(.driver(name), "until page \(page) of \(name) has come")
    }
  }

  /// The answer of a namespace's own device: the whole range, without sleeping (drivers/nvdimm/pmem.c:
  /// __pmem_direct_access).
  package func pmemDirectAccess(_ volume: Volume, _ page: UInt64, _ pages: UInt64) throws(KernelRefusal)
    -> DirectAccessGrant
  {
    let size = try size(of: volume) / 4096
    guard page < size, pages > 0 else { throw KernelRefusal(34, "the device ends at page \(size)") }
    guard rule(.pmemIsArithmetic) else { return DirectAccessGrant(pages: 1, slept: true) }
    let rest = Extent(offset: page * 4096, length: (size - page) * 4096)
    // A bad block ends what can be had; before its own page nothing is refused.
    var good = size - page
    if let piece = pieces(volume, [rest]).first {
      good = min(good, (firstBad(piece) ?? piece.extent.length) / 4096)
    }
    guard good > 0 else { throw KernelRefusal(133, "the media are bad there") }
    return DirectAccessGrant(pages: min(good, pages), slept: false)
  }
}
