package import PmemDevice

/// Truncating files, and what of their blocks is pinned.
extension MemoryModel {
  /// fs/dax.c:dax_break_layout and its callers, or what was proposed instead.
  package mutating func attemptTruncate(_ source: MappedObject, to size: UInt64) throws(KernelRefusal)
    -> OperationProgress
  {
    guard let file = file(source), let filesystem = filesystem(source.volume) else {
      throw KernelRefusal(2, "there is no such file")
    }
    guard size <= 1 << 50 else { throw KernelRefusal(27, "a file of \(size) bytes is not supported") }
    if let wait = freezeWait(source.volume) ?? inodeLockWait(source) { return .waits(wait) }
    let cut = (size + Filesystem.block - 1) / Filesystem.block * Filesystem.block
    let end = file.allocated
    if cut < end, let wait = obstacle(source, from: cut) { return .waits(wait) }
    if let wait = try layoutWait(source, file, filesystem) { return .waits(wait) }
    if cut > end { try grow(source, by: cut - end) }
    if cut < end {
      dropEntries(source, behind: cut)
      if !filesystem.isDAX, let wait = pageLockWait(source, cut / 4096..<UInt64.max) { return .waits(wait) }
      free(source, file, from: cut)
    }
    withFile(source) { $0.size = size }
    return .done
  }

  /// The object that a truncate to a smaller size waits for first (fs/inode.c:inode_dio_wait, filemap_invalidate_lock).
  private func obstacle(_ source: MappedObject, from cut: UInt64) -> Wait? {
    if rule(.truncateWaitsForStorage), let transfer = state.transfers.first(where: { $0.storage == source }) {
      return Wait(.directIO(source), "direct I/O of process \(transfer.pid) has the file as its storage")
    }
    if rule(.truncateExcludesFaults), let fault = faultInFlight(on: source) {
      return Wait(.fault(source), "a fault of process \(fault.pid) is under way in the file")
    }
    return nil
  }

  /// The object that every change of a size waits for on DAX: no page of the whole file is referenced, whichever are
  /// cut off, and none is mapped any more during the check (fs/ext4/inode.c:ext4_setattr, ext4_break_layouts;
  /// fs/dax.c:dax_layout_busy_page_range).
  private mutating func layoutWait(
    _ source: MappedObject, _ file: ModelFile, _ filesystem: Filesystem
  ) throws(KernelRefusal) -> Wait? {
    guard filesystem.isDAX, rule(.truncateChecksPins) else { return nil }
    let pinned = firstPinned(pieces(source.volume, file.extents))
    if policies.truncate == .fail, let (_, pin) = pinned {
      throw KernelRefusal(26, "pin \(pin.id) of process \(pin.pid) holds pages of it")
    }
    guard looksForPins(source) else { return nil }
    dropEntries(source, behind: 0, copiesToo: false)
    return pinned.map { page, pin in
      Wait(.page(page), Self.reason(pin))
    }
  }

  /// Whether truncate looks for references to a file's pages.
  package func looksForPins(_ source: MappedObject) -> Bool {
    switch policies.truncate {
    case .wait: true
    case .waitIfMapped: state.processes.contains { $0.mappings.contains { $0.source == source } }
    case .free, .bounce, .delayFree, .fail: false
    }
  }

  private func faultInFlight(on source: MappedObject) -> PageFault? {
    state.pageFaults.first { mappedSource($0.pid, $0.address) == source }
  }

  private mutating func grow(_ source: MappedObject, by bytes: UInt64) throws(KernelRefusal) {
    guard let index = state.filesystems.firstIndex(where: { $0.volume == source.volume }) else { return }
    let extents = try allocate(bytes, index)
    withFile(source) { $0.extents += extents }
    forget(source.volume, extents)
  }

  /// New blocks are zeroes, though nothing is stored to the media for it: they are unwritten (fs/ext4/extents.c).
  package mutating func forget(_ volume: Volume, _ extents: [Extent]) {
    for piece in pieces(volume, extents) { setContent(piece, 0) }
  }

  /// Takes blocks from the holes of a filesystem. If there are too few, the journal is committed first, so that what was
  /// freed can be had (fs/ext4/balloc.c:ext4_should_retry_alloc, fs/xfs/xfs_extent_busy.c:xfs_extent_busy_flush).
  mutating func allocate(_ bytes: UInt64, _ index: Int) throws(KernelRefusal) -> [Extent] {
    do throws(KernelRefusal) {
      return try takeHoles(bytes, index)
    } catch {
      let filesystem = state.filesystems[index]
      guard !filesystem.uncommitted.isEmpty, queueWait(filesystem.volume) == nil else { throw error }
      writeJournal(filesystem.volume)
      return try takeHoles(bytes, index)
    }
  }

  private func takeHoles(_ bytes: UInt64, _ index: Int) throws(KernelRefusal) -> [Extent] {
    var needed = bytes
    var extents: [Extent] = []
    for hole in state.filesystems[index].free(of: try size(of: state.filesystems[index].volume)) {
      guard needed > 0 else { break }
      let taken = min(needed, hole.length)
      extents.append(Extent(offset: hole.offset, length: taken))
      needed -= taken
    }
    guard needed == 0 else { throw KernelRefusal(28, "the filesystem is full") }
    return extents
  }

  /// unmap_mapping_range; with `copiesToo` of private mappings all.
  private mutating func dropEntries(_ source: MappedObject, behind cut: UInt64, copiesToo: Bool = true) {
    guard rule(.truncateUnmaps) else { return }
    for process in state.processes.indices {
      for index in state.processes[process].mappings.indices
      where state.processes[process].mappings[index].source == source {
        let mapping = state.processes[process].mappings[index]
        guard mapping.offset + mapping.length > cut else { continue }
        let first = cut > mapping.offset ? cut - mapping.offset : 0
        let gone = Extent(offset: first, length: mapping.length - first)
        state.processes[process].mappings[index].presentPTEs.remove(gone)
        state.processes[process].mappings[index].writablePTEs.remove(gone)
        if copiesToo { state.processes[process].mappings[index].anonymous.remove(gone) }
      }
    }
  }

  /// Takes the blocks behind `cut` from a file.
  package mutating func free(_ source: MappedObject, _ file: ModelFile, from cut: UInt64) {
    let gone = file.pieces(cut..<UInt64.max)
    var left = cut
    withFile(source) { file in
      file.extents = file.extents.compactMap { extent in
        defer { left -= min(left, extent.length) }
        return left == 0 ? nil : Extent(offset: extent.offset, length: min(left, extent.length))
      }
      let pages = cut / 4096..<UInt64.max
      file.copies.set(pages, nil)
      file.dirty.set(pages, false)
      file.expected.set(pages, 0)
      file.durable.set(pages, 0)
    }
    for index in state.pins.indices where state.pins[index].isDRAM && state.pins[index].source == source {
      let first = max(cut / 4096, state.pins[index].pages.lowerBound)
      guard first < state.pins[index].attachedPages.upperBound else { continue }
      state.pins[index].detachedFrom = first
    }
    release(gone, source.volume)
  }

  /// Frees blocks of a filesystem: they can be allocated after the next commit (fs/ext4/mballoc.c:
  /// ext4_mb_free_metadata, fs/xfs/xfs_extent_busy.c), and later if the policy keeps them.
  package mutating func release(_ blocks: [Extent], _ volume: Volume) {
    guard let index = state.filesystems.firstIndex(where: { $0.volume == volume }) else { return }
    let keepsPinned =
      policies.truncate == .delayFree && rule(.pinnedBlocksAreHeld) || !rule(.freedBlocksAreFree)
    for block in blocks {
      if rule(.freedAfterCommit) { state.filesystems[index].uncommitted.insert(block) }
      guard keepsPinned else { continue }
      for part in pinnedParts(of: block, volume) { state.filesystems[index].held.insert(part) }
    }
  }

  /// The pinned part of an extent.
  package func pinnedParts(of extent: Extent, _ volume: Volume) -> [Extent] {
    var begin = extent.offset
    return pieces(volume, [extent]).flatMap { piece -> [Extent] in
      defer { begin += piece.extent.length }
      return state.pins.filter { !$0.isDangling }.flatMap(\.pieces).compactMap { held in
        guard let both = held.intersection(piece) else { return nil }
        return Extent(offset: begin + both.offset - piece.extent.offset, length: both.length)
      }
    }
  }

  /// Frees held blocks that are no longer pinned.
  package mutating func releaseHeld() {
    for index in state.filesystems.indices where !state.filesystems[index].held.isEmpty {
      var kept = ExtentSet()
      for block in state.filesystems[index].held.extents {
        for part in pinnedParts(of: block, state.filesystems[index].volume) { kept.insert(part) }
      }
      state.filesystems[index].held = kept
    }
  }
}
