package import PmemDevice

/// Filesystems and their files.
extension MemoryModel {
  package func filesystem(_ volume: Volume) -> Filesystem? { state.filesystems.first { $0.volume == volume } }

  // MARK: Files

  /// Makes a file with blocks for all of its size.
  ///
  /// - Parameters:
  ///   - path: Absolute.
  ///   - size: Bytes; more than 0.
  ///   - pid: The process: it waits as in the kernel. nil: no process that could.
  /// - Returns: The file; nil if the process waits.
  /// - Throws: EEXIST, ENOSPC, and EAGAIN on a frozen filesystem if no process can wait.
  package mutating func createFile(
    _ path: String, size: UInt64, by pid: ProcessID? = nil
  ) throws(KernelRefusal) -> FileID? {
    if let pid {
      guard try perform(.create(path: path, size: size), by: pid) == .done else { return nil }
    } else if case .waits(let wait) = try attemptCreate(path, size: size) {
      throw KernelRefusal(11, "\(wait.reason): a process would wait")
    }
    let source = try source(path)
    return source.inode.map { FileID(volume: source.volume, inode: $0) }
  }

  mutating func attemptCreate(_ path: String, size: UInt64) throws(KernelRefusal) -> OperationProgress {
    let (index, inside) = try resolve(path)
    guard !state.filesystems[index].files.contains(where: { $0.path == inside && !$0.isDeleted }) else {
      throw KernelRefusal(17, "the file exists")
    }
    if let wait = freezeWait(state.filesystems[index].volume) { return .waits(wait) }
    guard size > 0, size <= 1 << 50 else {
      throw KernelRefusal(22, "a file of \(size) bytes is not supported")
    }
    let bytes = (size + Filesystem.block - 1) / Filesystem.block * Filesystem.block
    let extents = try allocate(bytes, index)
    forget(state.filesystems[index].volume, extents)
    // Without the rule, who has the same number is the same.
    let number = state.filesystems[index].freeNumber
    let inode = rule(.inodesHaveGenerations) ? state.filesystems[index].nextInode : number
    state.filesystems[index].nextInode = max(state.filesystems[index].nextInode, inode) + 1
    state.filesystems[index].files.append(
      ModelFile(inode: inode, path: inside, size: size, extents: extents, number: number))
    return .done
  }

  /// Removes a file's name; its blocks are freed when it is no longer used.
  ///
  /// - Parameters:
  ///   - path: Absolute.
  ///   - pid: The process: it waits as in the kernel. nil: no process that could.
  /// - Returns: Whether it waits.
  /// - Throws: ENOENT, ESRCH, and EBUSY for a process that waits already.
  package mutating func removeFile(_ path: String, by pid: ProcessID? = nil) throws(KernelRefusal)
    -> AccessOutcome
  {
    let source = try source(path)
    if let pid { return try perform(.remove(source), by: pid) }
    try checkNotFrozen(source.volume)
    _ = attemptRemove(source)
    reclaimAndWake()
    return .done
  }

  /// fs/namei.c:do_unlinkat, and the eviction of the inode in it (fs/dax.c:dax_break_layout_final): not to be killed.
  mutating func attemptRemove(_ source: MappedObject) -> OperationProgress {
    guard let file = file(source) else { return .done }
    if !file.isDeleted {
      if let wait = freezeWait(source.volume) { return .waits(wait) }
      withFile(source) { $0.isDeleted = true }
    }
    reclaim()
    guard let left = self.file(source), !state.processes.contains(where: { isUsed(source, by: $0) }),
      let (page, pin) = firstPinned(pieces(source.volume, left.extents))
    else { return .done }
    return .waits(
      .evictedPage(page), "pin \(pin.id) of process \(pin.pid) holds pinned pages of \(name(source))")
  }

  /// The filesystem that a path is on, and the path from its root.
  private func resolve(_ path: String) throws(KernelRefusal) -> (index: Int, inside: String) {
    var best: (index: Int, mountPoint: String)?
    for (index, filesystem) in state.filesystems.enumerated() where filesystem.isLive {
      for mountPoint in filesystem.mountPoints
      where path.hasPrefix(mountPoint == "/" ? "/" : mountPoint + "/") {
        if mountPoint.utf8.count > best?.mountPoint.utf8.count ?? -1 { best = (index, mountPoint) }
      }
    }
    guard let best else { throw KernelRefusal(2, "no filesystem on persistent memory is mounted there") }
    let inside = best.mountPoint == "/" ? path : String(path.dropFirst(best.mountPoint.count))
    guard inside.count > 1, !inside.hasSuffix("/") else { throw KernelRefusal(21, "\(path) is a directory") }
    return (best.index, inside)
  }

  /// Resolves a path to a file that has a name.
  package func source(_ path: String) throws(KernelRefusal) -> MappedObject {
    let (index, inside) = try resolve(path)
    guard let file = state.filesystems[index].files.first(where: { $0.path == inside && !$0.isDeleted })
    else {
      throw KernelRefusal(2, "there is no such file")
    }
    return MappedObject(volume: state.filesystems[index].volume, inode: file.inode)
  }

  /// Frees unused objects, and wakes processes that waited for them.
  package mutating func reclaimAndWake() {
    reclaim()
    if !state.blockedTasks.isEmpty { wake() }
  }

  /// Files without a name, filesystems without a mount, held blocks, copies that are no longer pinned.
  ///
  /// Until 6.14 a file's blocks are free although they are pinned; since then its last user waits. Nothing of a frozen
  /// filesystem is let go.
  package mutating func reclaim() {
    let waits = policies.evictionWaits && rule(.truncateChecksPins)
    for filesystem in state.filesystems
    where filesystem.isLive && freeze(ofFilesystemOn: filesystem.volume) == nil {
      for file in filesystem.files where file.isDeleted {
        let source = MappedObject(volume: filesystem.volume, inode: file.inode)
        guard !state.processes.contains(where: { isUsed(source, by: $0) }),
          !waits || !isPinned(file, on: filesystem.volume)
        else { continue }
        withFilesystem(filesystem.volume) { $0.files.removeAll { $0.inode == file.inode } }
        release(file.extents, filesystem.volume)
      }
      copyBack(filesystem.volume)
    }
    releaseHeld()
    for filesystem in state.filesystems where filesystem.isLive && filesystem.mountPoints.isEmpty {
      _ = attemptShutdown(filesystem.volume)
    }
  }

  private func isPinned(_ file: ModelFile, on volume: Volume) -> Bool {
    !pins(on: pieces(volume, file.extents)).isEmpty
  }

  private mutating func withFilesystem(_ volume: Volume, _ body: (inout Filesystem) -> Void) {
    guard let index = state.filesystems.firstIndex(where: { $0.volume == volume }) else { return }
    body(&state.filesystems[index])
  }

  package func isUsed(_ source: MappedObject, by process: ModelProcess) -> Bool {
    process.open.contains(source) || process.mappings.contains { $0.source == source }
  }
}
