import PmemDevice

/// Writing dirty pages of the page cache to the media, and what of them is pinned.
extension MemoryModel {
  /// Writes a file's dirty pages, one after the other, each with its page locked (mm/page-writeback.c:write_cache_pages), or
  /// what was proposed instead. Of a DAX file nothing is dirty but copies that were made for pins; it has the CPU's caches
  /// flushed.
  mutating func writeData(_ source: MappedObject, isSync: Bool) -> OperationProgress {
    guard let file = file(source), let filesystem = filesystem(source.volume) else { return .done }
    guard !filesystem.isDAX else { return isSync ? flushCopies(source, file) : .done }
    let pinned = pinnedPages(source)
    for dirty in file.dirty.runs {
      for part in pinned.parts(dirty.range) {
        let isPinned = part.value && rule(.writebackChecksPins)
        let isSkipped = isPinned && policies.writeback == .skip
        if !isSkipped, let wait = frozenMediaWait(source.volume) ?? queueWait(source.volume) {
          return .waits(wait)
        }
        if let wait = pageLockWait(source, part.range) { return .waits(wait) }
        if isPinned, policies.writeback == .wait { return .waits(pinWait(source, part.range.lowerBound)) }
        clean(source, part.range, isPinned: isPinned)
      }
    }
    return .done
  }

  private func pinWait(_ source: MappedObject, _ page: UInt64) -> Wait {
    let holder = state.pins.first { $0.isDRAM && $0.source == source && $0.attachedPages.contains(page) }
    return Wait(
      .cachedPage(source, page: page),
      "page_mkclean waits until pin \(holder?.id ?? 0) of process \(holder?.pid ?? 0) is released")
  }

  /// Writes the copies in DRAM of a DAX file to the media: they are the current ones.
  private mutating func flushCopies(_ source: MappedObject, _ file: ModelFile) -> OperationProgress {
    guard rule(.fsyncWritesCopies) else { return .done }
    for copy in file.copies.runs {
      guard let value = copy.value else { continue }
      for (_, extent) in file.runs(copy.range)
      where media(source.volume, extent).contains(where: { $0.value != value }) {
        if let wait = frozenMediaWait(source.volume) { return .waits(wait) }
        setMedia(source.volume, [extent], value)
      }
    }
    return .done
  }

  private mutating func clean(_ source: MappedObject, _ pages: Range<UInt64>, isPinned: Bool) {
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
  private mutating func protect(_ source: MappedObject, _ pages: Range<UInt64>) {
    for process in state.processes.indices {
      for index in state.processes[process].mappings.indices
      where state.processes[process].mappings[index].source == source {
        let mapping = state.processes[process].mappings[index]
        let begin = max(pages.lowerBound * 4096, mapping.offset)
        let end = min(pages.upperBound * 4096, mapping.offset + mapping.length)
        guard begin < end else { continue }
        state.processes[process].mappings[index].writablePTEs.remove(
          Extent(offset: begin - mapping.offset, length: end - begin))
      }
    }
  }

  /// The pages of a file in the page cache that are taken for pinned.
  private mutating func pinnedPages(_ source: MappedObject) -> RunMap<Bool> {
    var pinned = RunMap(false)
    for pin in state.pins where pin.isDRAM && pin.source == source && !pin.attachedPages.isEmpty {
      let isReal = !pin.kind.isTransientKernelReference
      guard isReal || policies.detection == .mapcount && rule(.guessCountsReferences) else { continue }
      if !isReal, policies.writeback != .write {
        recordViolation(
          .falsePin,
          "page \(pin.attachedPages.lowerBound) of \(name(source)) counts as pinned: it is referenced by \(pin.kind.rawValue)"
        )
      }
      pinned.set(pin.attachedPages, true)
    }
    return pinned
  }
}
