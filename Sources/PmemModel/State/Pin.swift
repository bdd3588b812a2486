import PmemDevice

/// References to pages, taken together and released together.
package struct Pin: Hashable, Sendable {
  package var id: PinID
  /// The process that can release them; 0 if none can any more.
  package var pid: ProcessID
  package var command: String
  package var kind: PinKind
  /// Its start, in the process's addresses.
  package var address: UInt64
  package var length: UInt64
  /// On namespaces.
  package var pieces: [DeviceExtent]
  /// Whether the pages went away meanwhile: releasing them is what the kernel dies of.
  package var isDangling = false
  /// The mapped object, and the offset in it; nil for references without a mapping.
  package var source: MappedObject?
  package var offset: UInt64 = 0
  /// Whether the holder writes to them (FOLL_WRITE), or reads them only.
  package var isWrite = true
  /// Whether it has no references: hardware asks for the pages when it gets there, and what the file lost is revoked.
  package var isOnDemand = false
  /// Whether they are pages of DRAM: of the page cache, or copies that were made for the pin.
  package var isDRAM = false
  /// The first page of the file, of 4 KiB, that was truncated meanwhile: from there on the pinned pages are the page cache's no
  /// more, but the holder's alone (mm/truncate.c:truncate_cleanup_folio). `.max` for none.
  package var detachedFrom = UInt64.max

  package init(
    id: PinID, pid: ProcessID, command: String, kind: PinKind, address: UInt64, length: UInt64,
    pieces: [DeviceExtent], isDangling: Bool = false, source: MappedObject? = nil, offset: UInt64 = 0,
    isDRAM: Bool = false, isWrite: Bool = true
  ) {
    self.id = id
    self.pid = pid
    self.command = command
    self.kind = kind
    self.address = address
    self.length = length
    self.pieces = pieces
    self.isDangling = isDangling
    self.source = source
    self.offset = offset
    self.isDRAM = isDRAM
    self.isWrite = isWrite
  }

  /// In the file or device, by pages of 4 KiB.
  package var pages: Range<UInt64> { offset / 4096..<(offset + length + 4095) / 4096 }

  /// Those of ``pages`` that are still the file's.
  package var attachedPages: Range<UInt64> { pages.clamped(to: 0..<detachedFrom) }
}
