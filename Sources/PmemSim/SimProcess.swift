import PmemDevice

/// A process on a simulated machine: what of persistent memory it has in its address space, and open.
struct SimProcess: Hashable {
  var pid: Int
  var command: String
  /// By address.
  var mappings: [SimMapping] = []
  /// In the order in which they were opened.
  var open: [SimSource] = []
}

/// A file, or a device.
struct SimSource: Hashable {
  var volume: SimVolume
  /// On the filesystem of the volume; nil for the device itself.
  var inode: UInt64?
}

/// A mapping of a DAX device, of a file or, through the page cache, of a block device.
struct SimMapping: Hashable {
  /// A multiple of ``pageSize``, as is ``length``.
  var start: UInt64
  var length: UInt64
  var source: SimSource
  /// In the device or file, bytes.
  var offset: UInt64
  var isWritable: Bool
  /// MAP_SYNC.
  var isSync: Bool
  /// Of a DAX device its alignment, else 4 KiB.
  var pageSize: UInt64
  var isDAX: Bool
  /// What was touched, in whole pages, relative to ``start``: sorted, not adjacent.
  var populated: [Extent] = []
  /// Whether the device went away under it: the next touch is answered with SIGBUS.
  var isRevoked = false

  var end: UInt64 { start + length }

  var populatedBytes: UInt64 { populated.reduce(0) { $0 + $1.length } }

  /// Marks the pages that cover a range as present. Memory is in proportion to the extents, not to the pages.
  mutating func populate(_ range: Range<UInt64>) {
    let first = range.lowerBound / pageSize * pageSize
    let last = min(length, (range.upperBound + pageSize - 1) / pageSize * pageSize)
    var merged = Extent(offset: first, length: last - first)
    var rest: [Extent] = []
    for extent in populated {
      if extent.offset + extent.length < merged.offset || extent.offset > merged.offset + merged.length {
        rest.append(extent)
      } else {
        let begin = min(extent.offset, merged.offset)
        let end = max(extent.offset + extent.length, merged.offset + merged.length)
        merged = Extent(offset: begin, length: end - begin)
      }
    }
    populated = (rest + [merged]).sorted { $0.offset < $1.offset }
  }

  /// A part of it, by its place in it; nil for nothing.
  func part(_ range: Range<UInt64>) -> SimMapping? {
    guard !range.isEmpty else { return nil }
    var part = self
    part.start += range.lowerBound
    part.offset += range.lowerBound
    part.length = UInt64(range.count)
    part.populated = populated.compactMap { extent in
      let own = (extent.offset..<(extent.offset + extent.length)).clamped(to: range)
      return own.isEmpty ? nil : Extent(offset: own.lowerBound - range.lowerBound, length: UInt64(own.count))
    }
    return part
  }
}
