import PmemDevice

/// Filesystems and their files.
extension SimKernel {
  func filesystem(_ volume: SimVolume) -> SimFilesystem? { memory.filesystems.first { $0.volume == volume } }

  private func place(_ volume: SimVolume) -> Int? { memory.filesystems.firstIndex { $0.volume == volume } }

  /// Mounts a filesystem that is new and empty, or one that is mounted elsewhere, in one more place.
  ///
  /// - Parameters:
  ///   - volume: What it is on.
  ///   - folder: Where; an absolute path.
  ///   - type: `ext4` or `xfs`.
  ///   - isDAX: With `dax=always`.
  /// - Throws: EBUSY where somebody has the volume, EINVAL where it cannot have DAX.
  func mount(_ volume: SimVolume, _ folder: String, type: String, isDAX: Bool) throws {
    guard folder.hasPrefix("/") else { throw SimFault(22, "\(folder) is no absolute path") }
    guard !memory.filesystems.contains(where: { $0.places.contains(folder) }) else {
      throw SimFault(16, "something is mounted there")
    }
    guard try daxAlign(of: volume) == nil else { throw SimFault(15, "a DAX device is no block device") }
    if let place = place(volume) {
      guard memory.filesystems[place].isDAX == isDAX else {
        throw SimFault(22, "it is mounted with another dax=")
      }
      memory.filesystems[place].places.append(folder)
      memory.filesystems[place].isUnclean = false
      return
    }
    try checkNotHeld(volume)
    // fs/ext4/super.c: "DAX unsupported by block device".
    guard try !isDAX || hasDAX(volume) else { throw SimFault(22, "DAX unsupported by block device") }
    guard try size(of: volume) > SimFilesystem.reserved + (1 << 20) else {
      throw SimFault(28, "it is too small for a filesystem")
    }
    memory.filesystems.append(SimFilesystem(volume: volume, type: type, places: [folder], isDAX: isDAX))
  }

  /// Takes a filesystem away from a place.
  ///
  /// - Parameters:
  ///   - folder: Where it is mounted.
  ///   - isLazy: Also while somebody has files open: the filesystem lives on until the last of them is closed.
  /// - Throws: EBUSY where files are in use.
  func unmount(_ folder: String, isLazy: Bool) throws {
    guard let place = memory.filesystems.firstIndex(where: { $0.places.contains(folder) }) else {
      throw SimFault(22, "nothing is mounted on \(folder)")
    }
    let isLast = memory.filesystems[place].places.count == 1
    let volume = memory.filesystems[place].volume
    guard isLazy || !isLast || !isUsed(volume) else { throw SimFault(16, "files on it are in use") }
    // Since 6.15 a filesystem with references to its pages is not let go (fs/dax.c:dax_break_layout_final).
    guard isLazy || !isLast || policies.truncate != .wait || !rule(.unmountChecksPins) || !isPinned(volume)
    else {
      throw SimFault(16, "pages of its files are pinned")
    }
    memory.filesystems[place].places.removeAll { $0 == folder }
    settle()
  }

  private func isUsed(_ volume: SimVolume) -> Bool {
    memory.processes.contains { process in
      (process.open + process.mappings.map(\.source)).contains { $0.volume == volume && $0.inode != nil }
    }
  }

  private func isPinned(_ volume: SimVolume) -> Bool {
    let files = filesystem(volume)?.files ?? []
    return files.contains { isPinned($0, on: volume) }
  }

  private func isPinned(_ file: SimFile, on volume: SimVolume) -> Bool {
    !pins(on: pieces(volume, file.extents)).isEmpty
  }

  // MARK: Files

  /// Makes a file with blocks for all of its size.
  ///
  /// - Returns: Its inode.
  func createFile(_ path: String, size: UInt64) throws -> UInt64 {
    let (place, inside) = try resolve(path)
    guard !memory.filesystems[place].files.contains(where: { $0.path == inside && !$0.isDeleted }) else {
      throw SimFault(17, "there is such a file")
    }
    try checkNotFrozen(memory.filesystems[place].volume)
    guard size > 0, size <= 1 << 50 else { throw SimFault(22, "a file of \(size) bytes is not made here") }
    let bytes = (size + SimFilesystem.block - 1) / SimFilesystem.block * SimFilesystem.block
    let extents = try allocate(bytes, place)
    forget(memory.filesystems[place].volume, extents)
    let inode = memory.filesystems[place].nextInode
    memory.filesystems[place].nextInode += 1
    memory.filesystems[place].files.append(
      SimFile(inode: inode, path: inside, size: size, extents: extents))
    return inode
  }

  /// Removes a file's name; its blocks are free when nobody uses it any more.
  ///
  /// - Parameters:
  ///   - path: Absolute.
  ///   - pid: Who: it waits where the kernel does. nil: nobody who could.
  /// - Returns: Whether it waits.
  /// - Throws: ENOENT, ESRCH, and EBUSY for a process that waits already.
  func removeFile(_ path: String, by pid: Int? = nil) throws -> SimAccess {
    if let pid { try checkRuns(pid) }
    let (place, inside) = try resolve(path)
    guard
      let file = memory.filesystems[place].files.firstIndex(where: { $0.path == inside && !$0.isDeleted })
    else { throw SimFault(2, "there is no such file") }
    try checkNotFrozen(memory.filesystems[place].volume)
    let source = SimSource(
      volume: memory.filesystems[place].volume, inode: memory.filesystems[place].files[file].inode)
    memory.filesystems[place].files[file].isDeleted = true
    settle()
    return try pid.map { try perform(.evict(source), by: $0) } ?? .done
  }

  /// The filesystem that a path is on, and the path from its root.
  private func resolve(_ path: String) throws -> (place: Int, inside: String) {
    var best: (place: Int, folder: String)?
    for (place, filesystem) in memory.filesystems.enumerated() {
      for folder in filesystem.places where path.hasPrefix(folder == "/" ? "/" : folder + "/") {
        if folder.utf8.count > best?.folder.utf8.count ?? -1 { best = (place, folder) }
      }
    }
    guard let best else { throw SimFault(2, "no filesystem on persistent memory is mounted there") }
    let inside = best.folder == "/" ? path : String(path.dropFirst(best.folder.count))
    guard inside.count > 1, !inside.hasSuffix("/") else { throw SimFault(21, "\(path) is a folder") }
    return (best.place, inside)
  }

  /// What a path is: a file with a name.
  func source(_ path: String) throws -> SimSource {
    let (place, inside) = try resolve(path)
    guard let file = memory.filesystems[place].files.first(where: { $0.path == inside && !$0.isDeleted })
    else {
      throw SimFault(2, "there is no such file")
    }
    return SimSource(volume: memory.filesystems[place].volume, inode: file.inode)
  }

  /// Lets go what nobody uses any more, and lets processes go on that waited for it.
  func settle() {
    tidy()
    if !memory.waits.isEmpty { wake() }
  }

  /// Files without a name, filesystems without a mount, blocks that were held.
  ///
  /// Until 6.14 a file's blocks are free although they are pinned; since then its last user waits.
  func tidy() {
    let waits = policies.truncate == .wait && rule(.truncateChecksPins)
    for (place, filesystem) in memory.filesystems.enumerated() {
      for file in filesystem.files where file.isDeleted {
        let source = SimSource(volume: filesystem.volume, inode: file.inode)
        guard !memory.processes.contains(where: { isUsed(source, by: $0) }),
          !waits || !isPinned(file, on: filesystem.volume)
        else { continue }
        memory.filesystems[place].files.removeAll { $0.inode == file.inode }
        release(file.extents, filesystem.volume)
      }
    }
    releaseHeld()
    let kept = memory.filesystems.filter { !isAbandoned($0) }
    if kept.count != memory.filesystems.count { memory.filesystems = kept }
  }

  private func isAbandoned(_ filesystem: SimFilesystem) -> Bool {
    filesystem.places.isEmpty && !filesystem.isUnclean && !isUsed(filesystem.volume)
  }

  func isUsed(_ source: SimSource, by process: SimProcess) -> Bool {
    process.open.contains(source) || process.mappings.contains { $0.source == source }
  }
}
