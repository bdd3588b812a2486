import PmemDevice

/// Writing dirty pages of the page cache to the media, and what of them is pinned.
extension SimKernel {
  /// mm/page-writeback.c:write_cache_pages, or what was proposed instead.
  func attemptWriteback(_ source: SimSource, isSync: Bool) throws -> SimProgress {
    guard let file = file(source), let filesystem = filesystem(source.volume) else {
      throw SimFault(2, "there is no such file")
    }
    guard !filesystem.isDAX else {
      // There is no second copy; fsync flushes the CPU's caches.
      if isSync { withFile(source) { $0.promised = $0.expected } }
      return .done
    }
    let dirty = file.dirty.runs.map(\.range)
    let pinned = pinnedPages(source)
    let isHeld = dirty.contains { range in pinned.parts(range).contains { $0.value } }
    if isHeld, policies.writeback == .wait, rule(.writebackChecksPins) {
      let holder = memory.pins.first { $0.isDRAM && $0.source == source }
      return .waits(
        "page_mkclean waits until pin \(holder?.id ?? 0) of process \(holder?.pid ?? 0) is released")
    }
    for range in dirty {
      for part in pinned.parts(range) {
        clean(source, part.range, isPinned: part.value && rule(.writebackChecksPins))
      }
    }
    if isSync { promise(source) }
    return .done
  }

  private func clean(_ source: SimSource, _ pages: Range<UInt64>, isPinned: Bool) {
    guard !isPinned || policies.writeback != .skip else { return }
    if rule(.writebackCleansEntries) { protect(source, pages) }
    guard let file = file(source) else { return }
    for copy in file.copies.parts(pages) {
      if let value = copy.value { setMedia(source.volume, file.runs(copy.range).map(\.extent), value) }
    }
    guard !isPinned || policies.writeback != .bounce || !rule(.bouncedStaysDirty) else { return }
    withFile(source) { $0.dirty.set(pages, false) }
  }

  /// page_mkclean: the next store to the pages is a fault.
  private func protect(_ source: SimSource, _ pages: Range<UInt64>) {
    for process in memory.processes.indices {
      for index in memory.processes[process].mappings.indices
      where memory.processes[process].mappings[index].source == source {
        let mapping = memory.processes[process].mappings[index]
        let begin = max(pages.lowerBound * 4096, mapping.offset)
        let end = min(pages.upperBound * 4096, mapping.offset + mapping.length)
        guard begin < end else { continue }
        memory.processes[process].mappings[index].stored.remove(
          Extent(offset: begin - mapping.offset, length: end - begin))
      }
    }
  }

  /// fsync(2) returns: everything that was stored is on the media, or it is a lie.
  private func promise(_ source: SimSource) {
    guard let file = file(source) else { return }
    for wanted in file.expected.runs {
      for (run, extent) in file.runs(wanted.range) {
        for part in media(source.volume, extent) where part.value != wanted.value {
          damage(
            .brokenPromise,
            "fsync of \(name(source)) returned, and page \(run.lowerBound + part.range.lowerBound) is not on the media"
          )
        }
      }
    }
    withFile(source) { $0.promised = $0.expected }
  }

  /// Which pages of a file in the page cache are taken for pinned.
  private func pinnedPages(_ source: SimSource) -> RunMap<Bool> {
    var pinned = RunMap(false)
    for pin in memory.pins where pin.isDRAM && pin.source == source {
      let isReal = !pin.kind.isPassing
      guard isReal || policies.detection == .mapcount && rule(.guessCountsReferences) else { continue }
      if !isReal, policies.writeback != .write {
        damage(
          .falsePin,
          "page \(pin.pages.lowerBound) of \(name(source)) is taken for pinned: it is referenced by \(pin.kind.rawValue)"
        )
      }
      pinned.set(pin.pages, true)
    }
    return pinned
  }
}
