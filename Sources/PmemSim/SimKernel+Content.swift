import PmemDevice

/// What was stored where: each store has a number, and media, copies in DRAM and readers are compared by it.
extension SimKernel {
  func damage(_ invariant: SimInvariant, _ text: String) {
    let violation = SimViolation(invariant, text)
    guard !memory.damages.contains(violation) else { return }
    memory.damages.append(violation)
  }

  private func nextStore() -> UInt64 {
    defer { memory.nextStore &+= 1 }
    return memory.nextStore
  }

  /// Changes a file; nil where it is no more.
  @discardableResult
  func withFile<Result>(_ source: SimSource, _ body: (inout SimFile) -> Result) -> Result? {
    guard let place = memory.filesystems.firstIndex(where: { $0.volume == source.volume }),
      let index = memory.filesystems[place].files.firstIndex(where: { $0.inode == source.inode })
    else { return nil }
    return body(&memory.filesystems[place].files[index])
  }

  func file(_ source: SimSource) -> SimFile? { source.inode.flatMap { filesystem(source.volume)?.file($0) } }

  func name(_ source: SimSource) -> String {
    guard let filesystem = filesystem(source.volume), let file = file(source) else {
      return source.volume.word
    }
    return SimUsage.path(file, on: filesystem).text
  }

  // MARK: Stores and loads

  /// Stores to pages of a file or device.
  ///
  /// - Parameters:
  ///   - source: What.
  ///   - pages: Of 4 KiB, counted from its start.
  ///   - isDAX: Or through the page cache.
  ///   - isNoticed: Whether the page cache learns that they are dirty: a page table entry that can be stored to already
  ///     makes no fault.
  func store(_ source: SimSource, _ pages: Range<UInt64>, isDAX: Bool, isNoticed: Bool = true) {
    let number = nextStore()
    guard let file = file(source) else {
      setMedia(
        source.volume, [Extent(offset: pages.lowerBound * 4096, length: UInt64(pages.count) * 4096)], number)
      return
    }
    if isDAX {
      for part in file.copies.parts(pages) {
        if part.value != nil, rule(.bounceSwitchesMapping) {
          withFile(source) { $0.copies.set(part.range, number) }
        } else {
          setMedia(source.volume, file.runs(part.range).map(\.extent), number)
        }
      }
    } else {
      withFile(source) {
        $0.copies.set(pages, number)
        if isNoticed { $0.dirty.set(pages, true) }
      }
    }
    withFile(source) { $0.expected.set(pages, number) }
  }

  /// read(2) and write(2).
  func readOrWrite(_ pid: Int, _ source: SimSource, offset: UInt64, length: UInt64?, isWrite: Bool) throws {
    try checkRuns(pid)
    guard let file = file(source), let filesystem = filesystem(source.volume) else {
      throw SimFault(2, "there is no such file")
    }
    guard offset < file.size else { throw SimFault(27, "the file ends before \(offset)") }
    let bytes = min(length ?? UInt64.max, file.size - offset)
    guard bytes > 0 else { throw SimFault(22, "that is nothing") }
    if isWrite { try checkNotFrozen(source.volume) }
    let pages = offset / 4096..<(offset + bytes + 4095) / 4096
    if isWrite {
      store(source, pages, isDAX: filesystem.isDAX)
    } else {
      load(source, pages, isDAX: filesystem.isDAX)
    }
  }

  /// Loads pages of a file: what is found must be what was stored last.
  func load(_ source: SimSource, _ pages: Range<UInt64>, isDAX: Bool) {
    guard let file = file(source) else { return }
    if let (page, found, wanted) = difference(file, source, pages, isDAX: isDAX) {
      damage(
        .staleRead,
        "page \(page) of \(name(source)) is read as of store \(found), and the last to it was \(wanted == 0 ? "none" : "store \(wanted)")"
      )
    }
  }

  /// The first page that a reader does not find as the last store left it.
  private func difference(
    _ file: SimFile, _ source: SimSource, _ pages: Range<UInt64>, isDAX: Bool
  ) -> (page: UInt64, found: UInt64, wanted: UInt64)? {
    for wanted in file.expected.parts(pages) {
      for copy in file.copies.parts(wanted.range) {
        if let value = copy.value, !isDAX || rule(.bounceSwitchesMapping) {
          if value != wanted.value { return (copy.range.lowerBound, value, wanted.value) }
          continue
        }
        for (pages, extent) in file.runs(copy.range) {
          for part in media(source.volume, extent) where part.value != wanted.value {
            return (pages.lowerBound + part.range.lowerBound, part.value, wanted.value)
          }
        }
      }
    }
    return nil
  }

  /// What is on the media of an extent, counted in pages from its start.
  func media(_ volume: SimVolume, _ extent: Extent) -> [RunMap<UInt64>.Run] {
    var begin: UInt64 = 0
    return pieces(volume, [extent]).flatMap { piece -> [RunMap<UInt64>.Run] in
      let first = piece.extent.offset / 4096
      defer { begin += piece.extent.length / 4096 }
      return memory.pages(piece.region, piece.namespace).content.parts(first..<piece.extent.end / 4096).map {
        RunMap.Run(
          range: ($0.range.lowerBound - first + begin)..<($0.range.upperBound - first + begin),
          value: $0.value)
      }
    }
  }

  func setMedia(_ volume: SimVolume, _ extents: [Extent], _ number: UInt64) {
    setMedia(pieces(volume, extents), number)
  }

  private func setMedia(_ pieces: [SimPin.Piece], _ number: UInt64) {
    for piece in pieces {
      memory.withPages(piece.region, piece.namespace) {
        $0.content.set(piece.extent.offset / 4096..<(piece.extent.end + 4095) / 4096, number)
      }
    }
  }

  // MARK: Hardware

  /// Has hardware write through a pin, to all that is pinned.
  func writeThroughPin(_ id: Int) throws {
    guard let pin = memory.pins.first(where: { $0.id == id }) else {
      throw SimFault(3, "there is no pin \(id)")
    }
    guard !pin.kind.isPassing else {
      throw SimFault(22, "nothing writes through what \(pin.kind.rawValue) holds")
    }
    let number = nextStore()
    if pin.isDRAM {
      // A page that the file has no more is the holder's alone.
      guard let source = pin.source else { return }
      withFile(source) { file in
        for part in file.copies.parts(pin.pages) where part.value != nil {
          file.copies.set(part.range, number)
          file.expected.set(part.range, number)
          if !rule(.hardwareMakesNoFault) { file.dirty.set(part.range, true) }
        }
      }
      return
    }
    if pin.isDangling {
      damage(.useAfterFree, "hardware writes through pin \(id) to a device that was taken away")
    }
    setMedia(pin.pieces, number)
    for filesystem in memory.filesystems {
      for file in filesystem.files { noteWrite(number, through: pin, to: file, filesystem) }
    }
  }

  /// Whether hardware's write was to a file that it was told to write to.
  private func noteWrite(_ number: UInt64, through pin: SimPin, to file: SimFile, _ filesystem: SimFilesystem)
  {
    let source = SimSource(volume: filesystem.volume, inode: file.inode)
    var position: UInt64 = 0
    for extent in file.extents {
      for own in pieces(filesystem.volume, [extent]) {
        for held in pin.pieces {
          guard let both = own.intersection(held) else { continue }
          let first = (position + both.offset - own.extent.offset) / 4096
          let pages = first..<(first + both.length / 4096)
          if pin.source == source, pin.pages.overlaps(pages) {
            withFile(source) { $0.expected.set(pages, number) }
          } else {
            damage(
              .foreignWrite,
              "hardware writes through pin \(pin.id) of process \(pin.pid) into \(name(source)), page \(first)"
            )
          }
        }
        position += own.extent.length
      }
    }
  }

  // MARK: Copies in DRAM

  /// Makes copies of a file's pages, where there are none.
  ///
  /// - Returns: How many.
  func copyToDRAM(_ source: SimSource, _ pages: Range<UInt64>) -> UInt64 {
    guard let file = file(source) else { return 0 }
    var copied: UInt64 = 0
    for gap in file.copies.parts(pages) where gap.value == nil {
      for (run, extent) in file.runs(gap.range) {
        copied += UInt64(run.count)
        for part in media(source.volume, extent) {
          let range = (run.lowerBound + part.range.lowerBound)..<(run.lowerBound + part.range.upperBound)
          withFile(source) { $0.copies.set(range, part.value) }
        }
      }
    }
    return copied
  }

  /// Lets go of a pin's copies: what nobody else has pinned goes back to the media, or, of the page cache, becomes dirty.
  func copyFromDRAM(_ pin: SimPin) {
    guard let source = pin.source, let filesystem = filesystem(source.volume), let file = file(source) else {
      return
    }
    guard filesystem.isDAX else {
      // Who had pages for writing says so now (unpin_user_pages_dirty_lock).
      for part in file.copies.parts(pin.pages) where part.value != nil {
        let clean = file.dirty.parts(part.range).first { !$0.value }
        guard let clean, isChanged(file, source, clean.range) else { continue }
        damage(
          .dirtiedBehind,
          "releasing pin \(pin.id) makes page \(clean.range.lowerBound) of \(name(source)) dirty, which is clean to its filesystem"
        )
        withFile(source) { $0.dirty.set(clean.range, true) }
      }
      return
    }
    var mine = RunMap(false)
    mine.set(pin.pages, true)
    for other in memory.pins where other.isDRAM && other.source == source { mine.set(other.pages, false) }
    for run in mine.runs {
      for part in file.copies.parts(run.range) {
        guard let value = part.value else { continue }
        if rule(.bounceCopiesBack) { setMedia(source.volume, file.runs(part.range).map(\.extent), value) }
        withFile(source) { $0.copies.set(part.range, nil) }
      }
    }
  }

  /// Whether the page cache has of some pages what the media do not.
  private func isChanged(_ file: SimFile, _ source: SimSource, _ pages: Range<UInt64>) -> Bool {
    file.copies.parts(pages).contains { copy in
      guard let value = copy.value else { return false }
      return file.runs(copy.range).contains { run in
        media(source.volume, run.extent).contains { $0.value != value }
      }
    }
  }
}
