package import PmemDevice

/// The location of stores: each store has a number, and media, copies in DRAM and readers are compared by it.
extension MemoryModel {
  package mutating func recordViolation(
    _ invariant: Invariant, _ text: String, of subject: String? = nil
  ) {
    let violation = Violation(invariant, text, of: subject)
    guard !state.recordedViolations.contains(where: { $0.key == violation.key }) else { return }
    state.recordedViolations.append(violation)
  }

  mutating func nextStore() -> UInt64 {
    defer { state.nextStore &+= 1 }
    return state.nextStore
  }

  /// Changes a file; has no effect if it is gone.
  @discardableResult
  package mutating func withFile<Result>(_ source: MappedObject, _ body: (inout ModelFile) -> Result)
    -> Result?
  {
    guard let index = state.filesystems.firstIndex(where: { $0.volume == source.volume }),
      let file = state.filesystems[index].files.firstIndex(where: { $0.inode == source.inode })
    else { return nil }
    return body(&state.filesystems[index].files[file])
  }

  package func file(_ source: MappedObject) -> ModelFile? {
    source.inode.flatMap { filesystem(source.volume)?.file($0) }
  }

  package func name(_ source: MappedObject) -> String {
    guard let filesystem = filesystem(source.volume), let file = file(source) else {
      return source.volume.word
    }
    return filesystem.path(of: file)
  }

  // MARK: Stores and loads

  /// Stores to pages of a file or device.
  ///
  /// - Parameters:
  ///   - source: The mapped object.
  ///   - pages: Of 4 KiB, counted from its start.
  ///   - isDAX: Or through the page cache.
  ///   - isNoticed: Whether the page cache learns that they are dirty: a page table entry that can be stored to already
  ///     makes no fault.
  package mutating func store(
    _ source: MappedObject, _ pages: Range<UInt64>, isDAX: Bool, isNoticed: Bool = true
  ) {
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

  /// Loads pages of a file: they must have the last store.
  package mutating func load(_ source: MappedObject, _ pages: Range<UInt64>, isDAX: Bool) {
    guard let file = file(source) else { return }
    for (range, found, wanted) in differences(file, source, pages, isDAX: isDAX) {
      let text = "\(Self.pageText(range)) of \(name(source))"
      recordViolation(
        .staleRead,
        "\(text): read as of store \(found), and the last to it was \(wanted == 0 ? "none" : "store \(wanted)")",
        of: text)
    }
  }

  /// The pages that do not have the last store.
  private func differences(
    _ file: ModelFile, _ source: MappedObject, _ pages: Range<UInt64>, isDAX: Bool
  ) -> [(pages: Range<UInt64>, found: UInt64, wanted: UInt64)] {
    var found: [(pages: Range<UInt64>, found: UInt64, wanted: UInt64)] = []
    for wanted in file.expected.parts(pages) {
      for copy in file.copies.parts(wanted.range) {
        if let value = copy.value, !isDAX || rule(.bounceSwitchesMapping) {
          if value != wanted.value { found.append((copy.range, value, wanted.value)) }
          continue
        }
        for (run, extent) in file.runs(copy.range) {
          for part in media(source.volume, extent) where part.value != wanted.value {
            let range = (run.lowerBound + part.range.lowerBound)..<(run.lowerBound + part.range.upperBound)
            found.append((range, part.value, wanted.value))
          }
        }
      }
    }
    return found
  }

  /// The media's content of an extent, counted in pages from its start.
  package func media(_ volume: Volume, _ extent: Extent) -> [RunMap<UInt64>.Run] {
    var begin: UInt64 = 0
    return pieces(volume, [extent]).flatMap { piece -> [RunMap<UInt64>.Run] in
      let first = piece.extent.offset / 4096
      defer { begin += piece.extent.length / 4096 }
      return state.pages(piece.device).content.parts(first..<piece.extent.end / 4096).map {
        RunMap.Run(
          range: ($0.range.lowerBound - first + begin)..<($0.range.upperBound - first + begin),
          value: $0.value)
      }
    }
  }

  package mutating func setMedia(_ volume: Volume, _ extents: [Extent], _ number: UInt64) {
    setMedia(pieces(volume, extents), number)
  }

  mutating func setMedia(_ pieces: [DeviceExtent], _ number: UInt64) {
    for piece in pieces { setContent(piece, number) }
    if !state.freezes.isEmpty { noteMediaStore(pieces) }
  }

  mutating func setContent(_ piece: DeviceExtent, _ number: UInt64) {
    state.withPages(piece.device) {
      $0.content.set(piece.extent.offset / 4096..<(piece.extent.end + 4095) / 4096, number)
    }
  }

  // MARK: Copies in DRAM

  /// Copies a file's pages into DRAM, unless there is a copy.
  ///
  /// - Returns: How many.
  package mutating func copyToDRAM(_ source: MappedObject, _ pages: Range<UInt64>) -> UInt64 {
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

  /// Lets go of a pin's pages of the page cache: they become dirty. (Copies of DAX pages go back with ``copyBack(_:)``.)
  mutating func dirty(_ pin: Pin) {
    guard pin.isWrite, let source = pin.source, filesystem(source.volume)?.isDAX == false,
      let file = file(source)
    else { return }
    // A holder of pages for writing marks them dirty (unpin_user_pages_dirty_lock).
    for part in file.copies.parts(pin.attachedPages) where part.value != nil {
      let clean = file.dirty.parts(part.range).first { !$0.value }
      guard let clean, isChanged(file, source, clean.range) else { continue }
      recordViolation(
        .dirtiedBehind,
        "releasing pin \(pin.id) makes \(Self.pageText(clean.range)) of \(name(source)) dirty, which is clean to its filesystem",
        of: "\(Self.pageText(clean.range)) of \(name(source))")
      withFile(source) { $0.dirty.set(clean.range, true) }
    }
  }

  /// Writes copies of DAX pages back that are no longer pinned; on a frozen filesystem when it is thawed.
  mutating func copyBack(_ volume: Volume) {
    guard let filesystem = filesystem(volume), filesystem.isDAX else { return }
    for file in filesystem.files where !file.copies.isEmpty {
      let source = MappedObject(volume: volume, inode: file.inode)
      var free = RunMap(true)
      for pin in state.pins where pin.isDRAM && pin.source == source { free.set(pin.attachedPages, false) }
      for copy in file.copies.runs {
        for part in free.parts(copy.range) where part.value {
          if let value = copy.value, rule(.bounceCopiesBack) {
            setMedia(volume, file.runs(part.range).map(\.extent), value)
          }
          withFile(source) { $0.copies.set(part.range, nil) }
        }
      }
    }
  }

  /// Whether the page cache has of some pages what the media do not.
  private func isChanged(_ file: ModelFile, _ source: MappedObject, _ pages: Range<UInt64>) -> Bool {
    file.copies.parts(pages).contains { copy in
      guard let value = copy.value else { return false }
      return file.runs(copy.range).contains { run in
        media(source.volume, run.extent).contains { $0.value != value }
      }
    }
  }
}
