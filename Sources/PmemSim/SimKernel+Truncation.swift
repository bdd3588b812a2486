import PmemDevice

/// Truncating files, and what of their blocks is pinned.
extension SimKernel {
  /// fs/dax.c:dax_break_layout and its callers, or what was proposed instead.
  func attemptTruncate(_ source: SimSource, to size: UInt64) throws -> SimProgress {
    guard let file = file(source), let filesystem = filesystem(source.volume) else {
      throw SimFault(2, "there is no such file")
    }
    guard size <= 1 << 50 else { throw SimFault(27, "a file of \(size) bytes is not made here") }
    let cut = (size + SimFilesystem.block - 1) / SimFilesystem.block * SimFilesystem.block
    let end = file.allocated
    if let freeze = freeze(ofFilesystemOn: source.volume) { return .waits("\(freeze.volume.word) is frozen") }
    if cut > end { try grow(source, by: cut - end) }
    if cut < end {
      if let reason = obstacle(source, file, filesystem, from: cut) { return .waits(reason) }
      dropEntries(source, behind: cut)
      free(source, file, from: cut)
    }
    withFile(source) { $0.size = size }
    return .done
  }

  /// What truncate waits for.
  private func obstacle(
    _ source: SimSource, _ file: SimFile, _ filesystem: SimFilesystem, from cut: UInt64
  ) -> String? {
    if rule(.truncateWaitsForStorage), let transfer = memory.transfers.first(where: { $0.storage == source })
    {
      return "direct I/O of process \(transfer.pid) has the file as its storage"
    }
    if rule(.truncateExcludesFaults), let fault = faultInFlight(on: source) {
      return "a fault of process \(fault.pid) is under way in the file"
    }
    guard filesystem.isDAX, rule(.truncateChecksPins), looksForPins(source) else { return nil }
    let pins = pins(on: pieces(source.volume, file.pieces(cut..<UInt64.max)))
    return pins.first.map { "pin \($0.id) of process \($0.pid) holds pages of it" }
  }

  /// Whether truncate looks for references to a file's pages.
  func looksForPins(_ source: SimSource) -> Bool {
    switch policies.truncate {
    case .wait: true
    case .waitIfMapped: memory.processes.contains { $0.mappings.contains { $0.source == source } }
    case .free, .bounce, .delayFree: false
    }
  }

  private func faultInFlight(on source: SimSource) -> SimFaultInFlight? {
    memory.faults.first { mappedSource($0.pid, $0.address) == source }
  }

  private func grow(_ source: SimSource, by bytes: UInt64) throws {
    guard let place = memory.filesystems.firstIndex(where: { $0.volume == source.volume }) else { return }
    let extents = try allocate(bytes, place)
    withFile(source) { $0.extents += extents }
    forget(source.volume, extents)
  }

  /// New blocks are zeroes: what was stored there before was another file's.
  func forget(_ volume: SimVolume, _ extents: [Extent]) { setMedia(volume, extents, 0) }

  /// Takes blocks from the holes of a filesystem.
  func allocate(_ bytes: UInt64, _ place: Int) throws -> [Extent] {
    var needed = bytes
    var extents: [Extent] = []
    for hole in memory.filesystems[place].free(of: try size(of: memory.filesystems[place].volume)) {
      guard needed > 0 else { break }
      let taken = min(needed, hole.length)
      extents.append(Extent(offset: hole.offset, length: taken))
      needed -= taken
    }
    guard needed == 0 else { throw SimFault(28, "the filesystem is full") }
    return extents
  }

  /// unmap_mapping_range.
  private func dropEntries(_ source: SimSource, behind cut: UInt64) {
    guard rule(.truncateUnmaps) else { return }
    for process in memory.processes.indices {
      for index in memory.processes[process].mappings.indices
      where memory.processes[process].mappings[index].source == source {
        let mapping = memory.processes[process].mappings[index]
        guard mapping.offset + mapping.length > cut else { continue }
        let first = cut > mapping.offset ? cut - mapping.offset : 0
        let gone = Extent(offset: first, length: mapping.length - first)
        memory.processes[process].mappings[index].populated.remove(gone)
        memory.processes[process].mappings[index].stored.remove(gone)
      }
    }
  }

  /// Takes the blocks behind `cut` from a file.
  func free(_ source: SimSource, _ file: SimFile, from cut: UInt64) {
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
      file.promised.set(pages, 0)
    }
    release(gone, source.volume)
  }

  /// Gives blocks back to their filesystem, at once or when the policy lets them go.
  func release(_ blocks: [Extent], _ volume: SimVolume) {
    guard let place = memory.filesystems.firstIndex(where: { $0.volume == volume }) else { return }
    guard policies.truncate == .delayFree else {
      if !rule(.freedBlocksAreFree) {
        for block in blocks { memory.filesystems[place].uncommitted.insert(block) }
      }
      return
    }
    for block in blocks {
      if rule(.freedAfterCommit) { memory.filesystems[place].uncommitted.insert(block) }
      guard rule(.pinnedBlocksAreHeld), !pins(on: pieces(volume, [block])).isEmpty else { continue }
      for part in pinnedParts(of: block, volume) { memory.filesystems[place].held.insert(part) }
    }
  }

  /// What of an extent somebody has pinned.
  func pinnedParts(of extent: Extent, _ volume: SimVolume) -> [Extent] {
    var begin = extent.offset
    return pieces(volume, [extent]).flatMap { piece -> [Extent] in
      defer { begin += piece.extent.length }
      return memory.pins.filter { !$0.isDangling }.flatMap(\.pieces).compactMap { held in
        guard let both = held.intersection(piece) else { return nil }
        return Extent(offset: begin + both.offset - piece.extent.offset, length: both.length)
      }
    }
  }

  /// Lets go of held blocks that nobody has pinned any more.
  func releaseHeld() {
    for place in memory.filesystems.indices where !memory.filesystems[place].held.isEmpty {
      var kept = ExtentSet()
      for block in memory.filesystems[place].held.extents {
        for part in pinnedParts(of: block, memory.filesystems[place].volume) { kept.insert(part) }
      }
      memory.filesystems[place].held = kept
    }
  }

  /// fs/dax.c:dax_break_layout_final, from the eviction of the inode: not to be killed.
  func attemptEvict(_ source: SimSource) -> SimProgress {
    guard let file = file(source), file.isDeleted,
      !memory.processes.contains(where: { isUsed(source, by: $0) })
    else { return .done }
    return .waits("pages of \(name(source)) are pinned", isKillable: false)
  }
}
