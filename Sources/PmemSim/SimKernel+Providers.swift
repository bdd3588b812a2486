import PmemDevice

/// Drivers that answer ->direct_access, and callers that may sleep or not.
extension SimKernel {
  func makeProvider(_ provider: SimProvider) throws {
    guard !memory.providers.contains(where: { $0.name == provider.name }) else {
      throw SimFault(17, "there is a provider \(provider.name)")
    }
    guard provider.pages > 0, provider.pages <= 1 << 38 else { throw SimFault(22, "that is no size") }
    memory.providers.append(provider)
  }

  /// Takes a provider away: who waits in it gets an error (drivers/dax/super.c:kill_dax).
  func removeProvider(_ name: String) throws {
    let place = try provider(name)
    memory.providers.remove(at: place)
    settle()
  }

  private func provider(_ name: String) throws -> Int {
    guard let place = memory.providers.firstIndex(where: { $0.name == name }) else {
      throw SimFault(6, "there is no provider \(name)")
    }
    return place
  }

  /// Gives the machine's memory more pages, or takes them.
  func setPool(_ name: String, _ pages: UInt64) throws {
    memory.providers[try provider(name)].pool = pages
    settle()
  }

  /// What was fetched has come, or could not.
  func finishUpdate(_ name: String, fails: Bool) throws {
    let place = try provider(name)
    guard !memory.providers[place].fetching.isEmpty else { throw SimFault(61, "nothing is being fetched") }
    let fetched = memory.providers[place].fetching
    memory.providers[place].fetching = ExtentSet()
    if !fails {
      for extent in fetched.extents { memory.providers[place].present.insert(extent) }
    } else {
      for wait in memory.waits {
        guard case .directAccess(name, _, _) = wait.operation else { continue }
        memory.waits.removeAll { $0 == wait }
        woken.append((wait.pid, "fails: the update did not come"))
      }
    }
    settle()
  }

  /// Asks for the address of `pages` pages.
  ///
  /// - Returns: How many can be used from there on.
  func directAccess(
    _ pid: Int, _ name: String, _ page: UInt64, _ pages: UInt64, isAtomic: Bool
  ) throws -> SimDirectAccess {
    try checkRuns(pid)
    let place = try provider(name)
    memory.providers[place].calls &+= 1
    let sleeps = memory.providers[place].sleeps
    switch try attemptDirectAccess(name, page, pages, isAtomic: isAtomic) {
    case .waits(let reason, let isKillable):
      // One that waits for memory is counted when it has some.
      if memory.providers[place].kind == .remote { memory.providers[place].sleeps &+= 1 }
      memory.waits.append(
        SimWait(
          pid: pid, operation: .directAccess(provider: name, page: page, pages: pages), reason: reason,
          isKillable: isKillable))
      return SimDirectAccess(pages: nil, slept: true)
    case .done, .killed:
      let there = memory.providers[place].present.extents.first {
        $0.offset <= page * 4096 && page * 4096 < $0.end
      }
      let available = memory.providers[place].kind == .brd ? 1 : (there.map { $0.end / 4096 - page } ?? 1)
      return SimDirectAccess(
        pages: min(available, pages), slept: memory.providers[place].sleeps > sleeps)
    }
  }

  /// One page at a time from brd (drivers/block/brd.c:brd_direct_access, 4.0 to 4.14); from elsewhere what has been
  /// fetched.
  func attemptDirectAccess(
    _ name: String, _ page: UInt64, _ pages: UInt64, isAtomic: Bool
  ) throws -> SimProgress {
    let place = try provider(name)
    guard page < memory.providers[place].pages, pages > 0 else {
      throw SimFault(34, "the device ends at page \(memory.providers[place].pages)")
    }
    let asked = Extent(offset: page * 4096, length: 4096)
    guard !memory.providers[place].present.contains(asked) else { return .done }
    let maySleep = policies.directAccess == .maySleep
    if maySleep, isAtomic, rule(.atomicMayNotSleep) {
      damage(.sleepInAtomic, "\(name) may sleep for page \(page), called where nothing may")
    }
    switch memory.providers[place].kind {
    case .brd:
      guard rule(.brdAllocates) else { return .done }
      guard memory.providers[place].pool > 0 else {
        if maySleep { return .waits("until there is memory for a page of \(name)") }
        damage(
          .spuriousFailure, "\(name) has no memory for page \(page) at the moment, and may not wait for it")
        throw SimFault(28, "no page can be had without sleeping")
      }
      memory.providers[place].pool -= 1
      if maySleep { memory.providers[place].sleeps &+= 1 }
      memory.providers[place].present.insert(asked)
      return .done
    case .remote:
      guard rule(.remoteUpdatesFirst) else { return .done }
      guard maySleep else {
        damage(
          .spuriousFailure, "page \(page) of \(name) must be fetched first, and nothing may wait for that")
        throw SimFault(5, "the page is elsewhere, and cannot be waited for")
      }
      let rest = memory.providers[place].pages - page
      let end = page + min(pages, rest)
      memory.providers[place].fetching.insert(Extent(offset: page * 4096, length: (end - page) * 4096))
      return .waits("until page \(page) of \(name) has come")
    }
  }

  /// What a namespace's own device answers: all that is there, without asking anybody (drivers/nvdimm/pmem.c:
  /// __pmem_direct_access).
  func pmemDirectAccess(_ volume: SimVolume, _ page: UInt64, _ pages: UInt64) throws -> SimDirectAccess {
    let size = try size(of: volume) / 4096
    guard page < size, pages > 0 else { throw SimFault(34, "the device ends at page \(size)") }
    guard rule(.pmemIsArithmetic) else { return SimDirectAccess(pages: 1, slept: true) }
    let rest = Extent(offset: page * 4096, length: (size - page) * 4096)
    // A bad block ends what can be had; before its own page nothing is refused.
    var good = size - page
    if let piece = pieces(volume, [rest]).first {
      good = min(good, (firstBad(piece) ?? piece.extent.length) / 4096)
    }
    guard good > 0 else { throw SimFault(133, "the media are bad there") }
    return SimDirectAccess(pages: min(good, pages), slept: false)
  }
}
