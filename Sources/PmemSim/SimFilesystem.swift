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

  /// What the filesystem keeps for itself at the beginning of its volume.
  static let reserved: UInt64 = 2 << 20
  static let block: UInt64 = 4096

  func file(_ inode: UInt64) -> SimFile? { files.first { $0.inode == inode } }

  /// The holes between files, sorted.
  func free(of size: UInt64) -> [Extent] {
    var holes: [Extent] = []
    var cursor = Self.reserved
    for extent in files.flatMap(\.extents).sorted(by: { $0.offset < $1.offset }) {
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
