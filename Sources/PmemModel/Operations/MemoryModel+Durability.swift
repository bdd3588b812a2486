package import PmemDevice

/// The state that survives a crash: data written to the media, and files as of the journal's last commit.
extension MemoryModel {
  /// Commits a filesystem's journal: earlier changes of its files survive a crash, and blocks that they freed can be
  /// allocated.
  package mutating func commit(_ volume: Volume) throws(KernelRefusal) {
    guard filesystem(volume)?.isLive == true else { throw KernelRefusal(22, "there is no filesystem on it") }
    if let wait = queueWait(volume) { throw KernelRefusal(11, "\(wait.reason): a process would wait") }
    writeJournal(volume)
    reclaimAndWake()
  }

  mutating func writeJournal(_ volume: Volume) {
    guard let index = state.filesystems.firstIndex(where: { $0.volume == volume }) else { return }
    state.filesystems[index].committed = state.filesystems[index].files.filter { !$0.isDeleted }
    state.filesystems[index].uncommitted = ExtentSet()
  }

  /// Commits if there is something to commit: with the journal's one transaction go all changes until then
  /// (fs/jbd2/commit.c; fs/xfs/xfs_log.c: the log is written in order).
  private mutating func attemptCommit(_ volume: Volume) -> OperationProgress {
    guard filesystem(volume)?.needsCommit == true else { return .done }
    if let wait = queueWait(volume) { return .waits(wait) }
    writeJournal(volume)
    return .done
  }

  /// Commits if the last commit does not have a file as it is (fs/ext4/fsync.c:ext4_fsync_journal).
  mutating func attemptCommit(of source: MappedObject) -> OperationProgress {
    guard rule(.fsyncCommits), let file = file(source), let filesystem = filesystem(source.volume),
      !file.isDeleted, !filesystem.isCommitted(file)
    else { return .done }
    return attemptCommit(source.volume)
  }

  /// Writes a filesystem's dirty data, and commits (fs/sync.c:sync_filesystem).
  package mutating func attemptSync(_ volume: Volume) throws(KernelRefusal) -> OperationProgress {
    guard let filesystem = filesystem(volume), filesystem.isLive else {
      throw KernelRefusal(22, "there is no filesystem on it")
    }
    for file in filesystem.files {
      let progress = writeData(MappedObject(volume: volume, inode: file.inode), isSync: true)
      guard case .done = progress else { return progress }
    }
    let progress = attemptCommit(volume)
    guard case .done = progress else { return progress }
    for file in filesystem.files { promise(MappedObject(volume: volume, inode: file.inode)) }
    return .done
  }

  /// fsync(2), or, with `isSync` false, what is written in the background.
  package mutating func attemptWriteback(_ source: MappedObject, isSync: Bool) throws(KernelRefusal)
    -> OperationProgress
  {
    guard file(source) != nil, filesystem(source.volume)?.isLive == true else {
      throw KernelRefusal(2, "there is no such file")
    }
    let progress = writeData(source, isSync: isSync)
    guard case .done = progress, isSync else { return progress }
    let committed = attemptCommit(of: source)
    guard case .done = committed else { return committed }
    promise(source)
    return .done
  }

  /// Records that it is durable: all stores are on the media, or durability is violated.
  private mutating func promise(_ source: MappedObject) {
    guard let file = file(source) else { return }
    if filesystem(source.volume)?.isDAX == false {
      for wanted in file.expected.runs {
        for (run, extent) in file.runs(wanted.range) {
          for part in media(source.volume, extent) where part.value != wanted.value {
            let pages = (run.lowerBound + part.range.lowerBound)..<(run.lowerBound + part.range.upperBound)
            recordViolation(
              .fsyncNotDurable,
              "fsync of \(name(source)) returned, and \(Self.pageText(pages)) is not on the media")
          }
        }
      }
    }
    withFile(source) { $0.durable = $0.expected }
    notePromise(source)
  }

  /// A file that returns after a crash has the content that was promised for it.
  private mutating func notePromise(_ source: MappedObject) {
    guard let durable = file(source)?.durable,
      let index = state.filesystems.firstIndex(where: { $0.volume == source.volume }),
      let file = state.filesystems[index].committed.firstIndex(where: { $0.inode == source.inode })
    else { return }
    state.filesystems[index].committed[file].durable = durable
  }

  /// The same of some pages: of a store through MAP_SYNC, whose program flushes what it stored.
  mutating func promise(_ source: MappedObject, _ pages: Range<UInt64>) {
    withFile(source) { file in
      for part in file.expected.parts(pages) { file.durable.set(part.range, part.value) }
    }
    notePromise(source)
  }
}
