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
  /// What has page table entries, in whole pages, relative to ``start``.
  var populated = ExtentSet()
  /// Of those, what can be stored to without a fault.
  var stored = ExtentSet()
  /// Whether the device went away under it: the next touch is answered with SIGBUS.
  var isRevoked = false

  var end: UInt64 { start + length }

  /// The whole pages of a range.
  func pages(_ range: Range<UInt64>) -> Extent {
    let first = range.lowerBound / pageSize * pageSize
    let last = min(length, (range.upperBound + pageSize - 1) / pageSize * pageSize)
    return Extent(offset: first, length: last - first)
  }

  /// Makes entries for the pages that cover a range; for stores, ones that can be stored to.
  mutating func populate(_ range: Range<UInt64>, isStore: Bool = false) {
    populated.insert(pages(range))
    if isStore { stored.insert(pages(range)) }
  }

  /// A part of it, by its place in it; nil for nothing.
  func part(_ range: Range<UInt64>) -> SimMapping? {
    guard !range.isEmpty else { return nil }
    var part = self
    part.start += range.lowerBound
    part.offset += range.lowerBound
    part.length = UInt64(range.count)
    part.populated = populated.part(range)
    part.stored = stored.part(range)
    return part
  }
}
