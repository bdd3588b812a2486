import PmemDevice

/// What is done to mappings when a device or a filesystem is frozen.
public enum SimFreezePolicy: String, CaseIterable, Hashable, Sendable {
  /// Nothing: entries in page tables stay as they are.
  case none
  /// All entries are removed (unmap_mapping_range): the next access faults.
  case unmap
  /// Entries are made read-only: reads go on, the next store faults.
  case writeProtect = "write-protect"
}

/// A device whose request queue is stopped, or a filesystem that is frozen.
struct SimFreeze: Hashable {
  var volume: SimVolume
  /// Of the filesystem on the volume; else of its queue.
  var isFilesystem: Bool
  var policy: SimFreezePolicy
  /// Stores that have reached the media since.
  var stores: UInt64 = 0
  /// Entries in page tables that were visited for it.
  var cost: UInt64 = 0
}

/// A fault that is half done: its block was looked up, its entry is not in the page table yet.
struct SimFaultInFlight: Hashable {
  var id: Int
  var pid: Int
  var address: UInt64
  var isStore: Bool
  /// The page, on the namespace below.
  var piece: SimPin.Piece
  /// Whether its device was taken away since.
  var isStray = false
}
