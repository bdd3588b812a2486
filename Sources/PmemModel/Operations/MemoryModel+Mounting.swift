package import PmemDevice

/// Mounting and unmounting.
extension MemoryModel {
  /// Mounts the filesystem that is on a volume; one that is mounted elsewhere, on one more directory; a new one if there is
  /// none.
  ///
  /// - Parameters:
  ///   - volume: The volume that it is on.
  ///   - mountPoint: An absolute path.
  ///   - type: `ext4` or `xfs`, of a new one.
  ///   - isDAX: With `dax=always`.
  ///   - isNew: Whether to make a new one first, whatever is there.
  /// - Throws: EBUSY if the volume is in use, EINVAL if it cannot have DAX.
  package mutating func mount(
    _ volume: Volume, _ mountPoint: String, type: String, isDAX: Bool, isNew: Bool = false
  ) throws(KernelRefusal) {
    guard mountPoint.hasPrefix("/") else { throw KernelRefusal(22, "\(mountPoint) is not an absolute path") }
    guard !state.filesystems.contains(where: { $0.mountPoints.contains(mountPoint) }) else {
      throw KernelRefusal(16, "something is mounted there")
    }
    guard try daxAlign(of: volume) == nil else {
      throw KernelRefusal(15, "a DAX device is not a block device")
    }
    let index = state.filesystems.firstIndex { $0.volume == volume }
    if let index, state.filesystems[index].isLive {
      guard !isNew else { throw KernelRefusal(16, "a filesystem uses it") }
      try mountAgain(index, mountPoint, isDAX: isDAX)
      return
    }
    try checkNotHeld(volume)
    // fs/ext4/super.c: "DAX unsupported by block device".
    let canHaveDAX = isDAX ? try hasDAX(volume) : true
    guard canHaveDAX else { throw KernelRefusal(22, "DAX unsupported by block device") }
    let size = try size(of: volume)
    guard size > Filesystem.reserved + (1 << 20) else {
      throw KernelRefusal(28, "it is too small for a filesystem")
    }
    if let index, !isNew, rule(.unmountKeepsFiles), state.filesystems[index].size == size {
      state.filesystems[index].isLive = true
      state.filesystems[index].isDAX = isDAX
      state.filesystems[index].mountPoints = [mountPoint]
      return
    }
    let next = nextInode(on: volume)
    state.filesystems.removeAll { $0.volume == volume }
    state.filesystems.append(
      Filesystem(
        volume: volume, type: type, mountPoints: [mountPoint], isDAX: isDAX, nextInode: next, size: size))
  }

  private mutating func mountAgain(_ index: Int, _ mountPoint: String, isDAX: Bool) throws(KernelRefusal) {
    let volume = state.filesystems[index].volume
    guard !isShuttingDown(volume) else {
      throw KernelRefusal(11, "it is being unmounted, and that waits: a process would wait")
    }
    guard state.filesystems[index].isDAX == isDAX else {
      throw KernelRefusal(22, "it is mounted with another dax=")
    }
    state.filesystems[index].mountPoints.append(mountPoint)
  }

  /// One that no file of a volume ever had that something still refers to.
  private func nextInode(on volume: Volume) -> UInt64 {
    let own = filesystem(volume)?.nextInode ?? 12
    let pinned = state.pins.compactMap(\.source)
    let used = state.processes.flatMap { $0.open + $0.mappings.map(\.source) }
    let known = (pinned + used).filter { $0.volume == volume }.compactMap(\.inode)
    return max(own, (known.max() ?? 0) + 1)
  }

  private func isShuttingDown(_ volume: Volume) -> Bool {
    state.blockedTasks.contains { $0.operation == .unmount(volume) }
  }

  /// Takes a filesystem away from a directory. With the last one it is written out and shut down, which waits for references
  /// to its pages since 6.15 (fs/dax.c:dax_break_layout_final).
  ///
  /// - Parameters:
  ///   - mountPoint: Its mount point.
  ///   - isLazy: Also if files are open: the filesystem stays active until the last of them is closed.
  ///   - pid: Who, and waits; nil: a process of its own, that is there while it waits.
  /// - Returns: Whether it waits.
  /// - Throws: EBUSY if files are in use.
  package mutating func unmount(
    _ mountPoint: String, isLazy: Bool, by pid: ProcessID? = nil
  ) throws(KernelRefusal) -> AccessOutcome {
    if let pid { try checkRuns(pid) }
    guard let index = state.filesystems.firstIndex(where: { $0.mountPoints.contains(mountPoint) }) else {
      throw KernelRefusal(22, "nothing is mounted on \(mountPoint)")
    }
    let volume = state.filesystems[index].volume
    if state.filesystems[index].mountPoints.count == 1, !isLazy {
      guard !isUsed(volume) else { throw KernelRefusal(16, "files on it are in use") }
      if let task = state.blockedTasks.first(where: { $0.operation.file?.volume == volume }) {
        throw KernelRefusal(16, "process \(task.pid) is in a system call on it: \(task.reason)")
      }
    }
    state.filesystems[index].mountPoints.removeAll { $0 == mountPoint }
    reclaimAndWake()
    guard let left = filesystem(volume), left.isLive, left.mountPoints.isEmpty,
      case .waits(let wait) = attemptShutdown(volume)
    else { return .done }
    let waiter: ProcessID
    if let pid { waiter = pid } else { waiter = try startProcess("umount", pid: nil) }
    block(waiter, in: .unmount(volume), wait, endsProcess: pid == nil)
    return .waits
  }

  func isUsed(_ volume: Volume) -> Bool {
    state.processes.contains { process in
      (process.open + process.mappings.map(\.source)).contains { $0.volume == volume && $0.inode != nil }
    }
  }

  /// Shuts an unused filesystem down (fs/super.c:generic_shutdown_super): it is written out, then its inodes are
  /// evicted.
  mutating func attemptShutdown(_ volume: Volume) -> OperationProgress {
    guard let filesystem = filesystem(volume), filesystem.isLive, filesystem.mountPoints.isEmpty,
      !isUsed(volume), freeze(ofFilesystemOn: volume) == nil
    else { return .done }
    if rule(.unmountWritesOut) {
      guard let progress = try? attemptSync(volume) else { return .done }
      guard case .done = progress else { return progress }
    }
    if policies.evictionWaits, rule(.unmountChecksPins),
      let (page, pin) = firstPinned(filesystem.files.flatMap { pieces(volume, $0.extents) })
    {
      return .waits(.evictedPage(page), "pin \(pin.id) of process \(pin.pid) holds pages of its files")
    }
    guard let index = state.filesystems.firstIndex(where: { $0.volume == volume }) else { return .done }
    state.filesystems[index].isLive = false
    for file in state.filesystems[index].files.indices {
      state.filesystems[index].files[file].copies = RunMap(nil)
      state.filesystems[index].files[file].dirty = RunMap(false)
    }
    return .done
  }
}
