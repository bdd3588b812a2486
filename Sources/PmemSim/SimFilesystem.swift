import PmemDevice

/// A filesystem on a volume: which blocks its files have. It is in the kernel's memory alone, not on the media.
struct SimFilesystem: Hashable {
  var volume: SimVolume
  var type: String
  /// Where it is mounted, in order; empty where it lives on without a mount.
  var places: [String]
  /// Mounted with `dax=always`.
  var isDAX: Bool
  var files: [SimFile] = []
  var nextInode: UInt64 = 12
  /// Blocks of no file that are pinned, and kept for that; on the volume, bytes.
  var held = ExtentSet()
  /// Blocks of no file that can be allocated after the next commit; on the volume, bytes.
  var uncommitted = ExtentSet()
  /// Whether a crash left it, so that it is there without a mount.
  var isUnclean = false
  /// As the journal has it: what is there after a crash.
  var committed: [SimFile] = []

  /// How many lines of text describe it, at most.
  var lines: Int {
    files.reduce(8 + held.extents.count + uncommitted.extents.count) { $0 + $1.lines }
      + committed.reduce(0) { $0 + $1.lines }
  }

  /// What the filesystem keeps for itself at the beginning of its volume.
  static let reserved: UInt64 = 2 << 20
  static let block: UInt64 = 4096

  func file(_ inode: UInt64) -> SimFile? { files.first { $0.inode == inode } }

  /// The holes between files, sorted.
  func free(of size: UInt64) -> [Extent] {
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
struct SimFile: Hashable {
  var inode: UInt64
  /// From the root of its filesystem, beginning with a slash.
  var path: String
  /// Bytes.
  var size: UInt64
  /// On the volume: whole blocks.
  var extents: [Extent]
  /// Whether its name is gone; it lives while somebody uses it.
  var isDeleted = false
  /// The number of the store that a reader of each 4 KiB must find.
  var expected = RunMap<UInt64>(0)
  /// What is in DRAM of it, and the number of the store there: the page cache, or copies that were made for pins. They
  /// are the current ones.
  var copies = RunMap<UInt64?>(nil)
  /// Of the page cache, what the media do not have yet; by page.
  var dirty = RunMap(false)
  /// What fsync has promised.
  var promised = RunMap<UInt64>(0)

  /// Bytes of blocks that it has.
  var allocated: UInt64 { extents.reduce(0) { $0 + $1.length } }

  /// How many lines of text describe it, at most.
  var lines: Int {
    extents.count + expected.runs.count + copies.runs.count + dirty.runs.count + promised.runs.count + 1
  }

  /// Where a range is on its volume, page by page of the file.
  func runs(_ pages: Range<UInt64>) -> [(pages: Range<UInt64>, extent: Extent)] {
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

  /// Where a range of the file is on its volume.
  func pieces(_ range: Range<UInt64>) -> [Extent] {
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
