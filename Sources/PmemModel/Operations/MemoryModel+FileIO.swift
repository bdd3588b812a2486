package import PmemDevice

/// read(2) and write(2).
extension MemoryModel {
  /// Reads or writes a file by system call.
  ///
  /// - Parameters:
  ///   - pid: The process; it waits as in the kernel.
  ///   - source: The file.
  ///   - offset: In it, bytes.
  ///   - length: Bytes; nil: to its end.
  ///   - isWrite: Which of both.
  ///   - isSync: A write as with O_DSYNC.
  /// - Returns: Whether it waits.
  /// - Throws: ENOENT, EFBIG behind the file's end, EIO for what cannot be read.
  package mutating func readOrWrite(
    _ pid: ProcessID, _ source: MappedObject, offset: UInt64, length: UInt64?, isWrite: Bool,
    isSync: Bool = false
  ) throws(KernelRefusal) -> AccessOutcome {
    try checkRuns(pid)
    return try perform(
      isWrite
        ? .write(source, offset: offset, length: length, isSync: isSync)
        : .read(source, offset: offset, length: length), by: pid)
  }

  private func pages(
    _ source: MappedObject, offset: UInt64, length: UInt64?
  ) throws(KernelRefusal) -> (pages: Range<UInt64>, isDAX: Bool) {
    guard let file = file(source), let filesystem = filesystem(source.volume) else {
      throw KernelRefusal(2, "there is no such file")
    }
    guard offset < file.size else { throw KernelRefusal(27, "the file ends before \(offset)") }
    let bytes = min(length ?? UInt64.max, file.size - offset)
    guard bytes > 0 else { throw KernelRefusal(22, "the length is 0") }
    return (offset / 4096..<(offset + bytes + 4095) / 4096, filesystem.isDAX)
  }

  mutating func attemptRead(
    _ source: MappedObject, offset: UInt64, length: UInt64?
  ) throws(KernelRefusal) -> OperationProgress {
    let (pages, isDAX) = try pages(source, offset: offset, length: length)
    // fs/ext4/file.c:ext4_dax_read_iter takes the lock shared; a read of the page cache does not.
    if isDAX, let wait = inodeLockWait(source) { return .waits(wait) }
    if !isDAX, !isCached(source, pages), let wait = queueWait(source.volume) { return .waits(wait) }
    guard isDAX ? !isBad(source, pages) : isCached(source, pages) || !isBad(source, pages) else {
      throw KernelRefusal(5, "the media are bad there")
    }
    load(source, pages, isDAX: isDAX)
    return .done
  }

  mutating func attemptWrite(
    _ source: MappedObject, offset: UInt64, length: UInt64?, isSync: Bool
  ) throws(KernelRefusal) -> OperationProgress {
    let (pages, isDAX) = try pages(source, offset: offset, length: length)
    if let wait = freezeWait(source.volume) ?? inodeLockWait(source) { return .waits(wait) }
    if !isDAX, let wait = pageLockWait(source, pages) { return .waits(wait) }
    store(source, pages, isDAX: isDAX)
    guard isSync else { return .done }
    let progress = try attemptWriteback(source, isSync: true)
    guard case .waits(var wait) = progress else { return progress }
    // The data are written already.
    wait.rest = .writeback(source, isSync: true)
    return .waits(wait)
  }

  /// Whether all of some pages is in the page cache.
  func isCached(_ source: MappedObject, _ pages: Range<UInt64>) -> Bool {
    file(source)?.copies.parts(pages).allSatisfy { $0.value != nil } ?? false
  }

  private func isBad(_ source: MappedObject, _ pages: Range<UInt64>) -> Bool {
    guard devices.contains(where: { !$0.badBlocks.isEmpty }) else { return false }
    let range = pages.lowerBound * 4096..<pages.upperBound * 4096
    return pieces(source.volume, extents(source, range)).contains { firstBad($0) != nil }
  }
}
