package import PmemDevice

/// A process on a simulated machine: its mappings of persistent memory, and open files.
package struct ModelProcess: Hashable, Sendable {
  package var pid: ProcessID
  package var command: String
  /// By address.
  package var mappings: [MemoryMapping] = []
  /// In the order in which they were opened.
  package var open: [MappedObject] = []

  package init(pid: ProcessID, command: String, mappings: [MemoryMapping] = [], open: [MappedObject] = []) {
    self.pid = pid
    self.command = command
    self.mappings = mappings
    self.open = open
  }
}

/// A file, or a device.
public struct MappedObject: Hashable, Sendable {
  public var volume: Volume
  /// On the filesystem of the volume, never another file's; nil for the device itself.
  public var inode: UInt64?

  public init(volume: Volume, inode: UInt64? = nil) {
    self.volume = volume
    self.inode = inode
  }
}

/// A mapping of a DAX device, of a file or, through the page cache, of a block device.
package struct MemoryMapping: Hashable, Sendable {
  /// A multiple of ``pageSize``, as is ``length``.
  package var start: UInt64
  package var length: UInt64
  package var source: MappedObject
  /// In the device or file, bytes.
  package var offset: UInt64
  package var isWritable: Bool
  /// MAP_SYNC.
  package var isSync: Bool
  /// MAP_PRIVATE: stores are the process's alone.
  package var isPrivate = false
  /// Of a private mapping, what was copied to DRAM when it was stored to, in whole pages, relative to ``start``.
  package var anonymous = ExtentSet()
  /// Of a DAX device its alignment, else 4 KiB.
  package var pageSize: UInt64
  package var isDAX: Bool
  /// Ranges with page table entries, in whole pages, relative to ``start``.
  package var presentPTEs = ExtentSet()
  /// Of those, what can be stored to without a fault.
  package var writablePTEs = ExtentSet()
  /// Whether the device went away under it: the next touch is answered with SIGBUS.
  package var isRevoked = false

  package init(
    start: UInt64, length: UInt64, source: MappedObject, offset: UInt64, isWritable: Bool, isSync: Bool,
    pageSize: UInt64, isDAX: Bool, presentPTEs: ExtentSet = ExtentSet(),
    writablePTEs: ExtentSet = ExtentSet(), isRevoked: Bool = false, isPrivate: Bool = false
  ) {
    self.isPrivate = isPrivate
    self.start = start
    self.length = length
    self.source = source
    self.offset = offset
    self.isWritable = isWritable
    self.isSync = isSync
    self.pageSize = pageSize
    self.isDAX = isDAX
    self.presentPTEs = presentPTEs
    self.writablePTEs = writablePTEs
    self.isRevoked = isRevoked
  }

  package var end: UInt64 { start + length }

  /// The whole pages of a range.
  package func pages(_ range: Range<UInt64>) -> Extent {
    let first = range.lowerBound / pageSize * pageSize
    let last = min(length, (range.upperBound + pageSize - 1) / pageSize * pageSize)
    return Extent(offset: first, length: last - first)
  }

  /// The pages of 4 KiB of its object that a part of it shows.
  func sourcePages(_ range: Range<UInt64>) -> Range<UInt64> {
    (offset + range.lowerBound) / 4096..<(offset + range.upperBound + 4095) / 4096
  }

  /// Whether an access to a part of it needs no fault.
  func hasEntries(_ range: Range<UInt64>, isStore: Bool) -> Bool {
    let own = anonymous.part(range)
    let entries = isStore ? writablePTEs : presentPTEs
    guard isPrivate else { return entries.contains(pages(range)) }
    if isStore { return anonymous.contains(pages(range)) }
    var all = presentPTEs
    for extent in own.extents {
      all.insert(Extent(offset: range.lowerBound + extent.offset, length: extent.length))
    }
    return all.contains(pages(range))
  }

  /// Copies pages of a private mapping for its process (mm/memory.c:do_cow_fault, wp_page_copy).
  mutating func copyOnWrite(_ range: Range<UInt64>) {
    presentPTEs.remove(pages(range))
    anonymous.insert(pages(range))
  }

  /// Makes entries for the pages that cover a range; for stores, ones that can be stored to.
  package mutating func populate(_ range: Range<UInt64>, isStore: Bool = false) {
    presentPTEs.insert(pages(range))
    if isStore { writablePTEs.insert(pages(range)) }
  }

  /// A part of it, by its offset in it; nil if that is empty.
  package func part(_ range: Range<UInt64>) -> MemoryMapping? {
    guard !range.isEmpty else { return nil }
    var part = self
    part.start += range.lowerBound
    part.offset += range.lowerBound
    part.length = UInt64(range.count)
    part.presentPTEs = presentPTEs.part(range)
    part.writablePTEs = writablePTEs.part(range)
    part.anonymous = anonymous.part(range)
    return part
  }
}
