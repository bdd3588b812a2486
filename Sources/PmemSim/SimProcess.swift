import PmemDevice

/// A process on a simulated machine: what of persistent memory it has in its address space.
struct SimProcess: Hashable {
  var pid: Int
  var command: String
  /// By address.
  var mappings: [SimMapping] = []
}

/// A mapping of a DAX device or, through the page cache, of a block device.
struct SimMapping: Hashable {
  /// A multiple of ``pageSize``, as is ``length``.
  var start: UInt64
  var length: UInt64
  /// The namespace behind it.
  var region: Int
  var namespace: Int
  /// In the device, bytes.
  var offset: UInt64
  var isWritable: Bool
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
}
