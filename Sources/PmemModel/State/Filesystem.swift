package import PmemDevice

/// A filesystem on a volume: which blocks its files have. The bytes of the media do not have it; it lasts, mounted or not,
/// until another one is made there.
package struct Filesystem: Hashable, Sendable {
  package var volume: Volume
  package var type: String
  /// Its mount points, in order; empty if it is active without a mount.
  package var mountPoints: [String]
  /// Mounted with `dax=always`.
  package var isDAX: Bool
  package var files: [ModelFile] = []
  /// Of the next file; never one that a file had.
  package var nextInode: UInt64 = 12
  /// Blocks of no file that are pinned, and kept for that; on the volume, bytes.
  package var held = ExtentSet()
  /// Blocks of no file that can be allocated after the next commit; on the volume, bytes.
  package var uncommitted = ExtentSet()
  /// Whether the kernel has it: mounted, or with users that outlive the mount. If not, it is on the media alone.
  package var isLive: Bool
  /// Bytes of the volume that it was made for; on another one it is not found again.
  package var size: UInt64
  /// The state in the journal: the files after a crash.
  package var committed: [ModelFile] = []

  package init(
    volume: Volume, type: String, mountPoints: [String], isDAX: Bool, files: [ModelFile] = [],
    nextInode: UInt64 = 12, held: ExtentSet = ExtentSet(), uncommitted: ExtentSet = ExtentSet(),
    isLive: Bool = true, size: UInt64 = 0, committed: [ModelFile] = []
  ) {
    self.volume = volume
    self.type = type
    self.mountPoints = mountPoints
    self.isDAX = isDAX
    self.files = files
    self.nextInode = nextInode
    self.held = held
    self.uncommitted = uncommitted
    self.isLive = isLive
    self.size = size
    self.committed = committed
  }

  /// How many lines of text describe it, at most.
  package var lines: Int {
    files.reduce(8 + held.extents.count + uncommitted.extents.count) { $0 + $1.lines }
      + committed.reduce(0) { $0 + $1.lines }
  }

  /// The blocks that the filesystem reserves at the beginning of its volume.
  package static let reserved: UInt64 = 2 << 20
  package static let block: UInt64 = 4096

  /// The lowest inode number that no file has: the first that is no reserved one is 12 (fs/ext4/ialloc.c:
  /// find_inode_bit, after lost+found).
  package var freeNumber: UInt64 {
    let taken = Set(files.map(\.number))
    return (12...).first { !taken.contains($0) } ?? 12
  }

  package func file(_ inode: UInt64) -> ModelFile? { files.first { $0.inode == inode } }

  /// The holes between files, sorted.
  package func free(of size: UInt64) -> [Extent] {
    var holes: [Extent] = []
    var cursor = Self.reserved
    let taken = files.flatMap(\.extents) + held.extents + uncommitted.extents
    for extent in taken.sorted(by: { $0.offset < $1.offset }) {
      if extent.offset > cursor { holes.append(Extent(offset: cursor, length: extent.offset - cursor)) }
      cursor = max(cursor, extent.offset + extent.length)
    }
    let end = size / Self.block * Self.block
    if end > cursor { holes.append(Extent(offset: cursor, length: end - cursor)) }
    return holes
  }
}

/// A file: a list of extents, in the order of the file. Memory is in proportion to them, not to the blocks.
package struct ModelFile: Hashable, Sendable {
  /// The inode's identity: no other file ever has it, whatever its number (as i_generation tells them apart).
  package var inode: UInt64
  /// The inode's number (i_ino), which the next file reuses when this one is gone.
  package var number: UInt64
  /// From the root of its filesystem, beginning with a slash.
  package var path: String
  /// Bytes.
  package var size: UInt64
  /// On the volume: whole blocks.
  package var extents: [Extent]
  /// Whether its name is removed; the inode exists while it is used.
  package var isDeleted = false
  /// The number of the store that a reader of each 4 KiB must find.
  package var expected = RunMap<UInt64>(0)
  /// Its pages in DRAM, and the number of the store in each: the page cache, or copies that were made for pins. They
  /// are the current ones.
  package var copies = RunMap<UInt64?>(nil)
  /// Of the page cache, what the media do not have yet; by page.
  package var dirty = RunMap(false)
  /// The content that must survive a crash: what fsync, and the like, have returned for.
  package var durable = RunMap<UInt64>(0)

  package init(
    inode: UInt64, path: String, size: UInt64, extents: [Extent], isDeleted: Bool = false,
    expected: RunMap<UInt64> = RunMap<UInt64>(0), copies: RunMap<UInt64?> = RunMap<UInt64?>(nil),
    dirty: RunMap<Bool> = RunMap(false), durable: RunMap<UInt64> = RunMap<UInt64>(0), number: UInt64? = nil
  ) {
    self.inode = inode
    self.number = number ?? inode
    self.path = path
    self.size = size
    self.extents = extents
    self.isDeleted = isDeleted
    self.expected = expected
    self.copies = copies
    self.dirty = dirty
    self.durable = durable
  }

  /// Bytes of blocks that it has.
  package var allocated: UInt64 { extents.reduce(0) { $0 + $1.length } }

  /// How many lines of text describe it, at most.
  package var lines: Int {
    extents.count + expected.runs.count + copies.runs.count + dirty.runs.count + durable.runs.count + 1
  }

  /// Translates a range to its volume, page by page of the file.
  package func runs(_ pages: Range<UInt64>) -> [(pages: Range<UInt64>, extent: Extent)] {
    var position: UInt64 = 0
    return extents.compactMap { extent in
      let own = position / 4096..<(position + extent.length) / 4096
      position += extent.length
      let part = own.clamped(to: pages)
      guard !part.isEmpty else { return nil }
      return (
        part,
        Extent(
          offset: extent.offset + (part.lowerBound - own.lowerBound) * 4096,
          length: (part.upperBound - part.lowerBound) * 4096)
      )
    }
  }

  /// Translates a range of the file to its volume.
  package func pieces(_ range: Range<UInt64>) -> [Extent] {
    var position: UInt64 = 0
    return extents.compactMap { extent in
      let own = position..<(position + extent.length)
      position = own.upperBound
      let part = own.clamped(to: range)
      guard !part.isEmpty else { return nil }
      return Extent(
        offset: extent.offset + part.lowerBound - own.lowerBound, length: part.upperBound - part.lowerBound)
    }
  }
}

extension ModelFile {
  /// Whether the journal has to be committed for another file to be found as this one is.
  package func hasSameMetadata(as other: ModelFile) -> Bool {
    inode == other.inode && path == other.path && size == other.size && extents == other.extents
      && isDeleted == other.isDeleted
  }
}

extension Filesystem {
  /// Whether the journal's last commit has the file as it is.
  package func isCommitted(_ file: ModelFile) -> Bool {
    committed.contains { $0.hasSameMetadata(as: file) }
  }

  /// Whether there is something to commit.
  package var needsCommit: Bool {
    let named = files.filter { !$0.isDeleted }
    return !uncommitted.isEmpty || named.count != committed.count || !named.allSatisfy(isCommitted)
  }

  /// A file's path, with the first mount point before it.
  package func path(of file: ModelFile) -> String {
    let mountPoint = mountPoints.first ?? ""
    return (mountPoint == "/" ? "" : mountPoint) + file.path + (file.isDeleted ? " (deleted)" : "")
  }
}
