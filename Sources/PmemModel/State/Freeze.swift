import PmemDevice

/// A device whose request queue is stopped, or a filesystem that is frozen.
package struct Freeze: Hashable, Sendable {
  package var volume: Volume
  /// Of the filesystem on the volume; else of its queue.
  package var isFilesystem: Bool
  package var policy: FreezePolicy
  /// How far it has come (include/linux/fs/super_types.h: SB_FREEZE_WRITE, SB_FREEZE_PAGEFAULT, SB_FREEZE_COMPLETE).
  package var stage = Stage.complete
  /// Stores that have reached the media since.
  package var stores: UInt64 = 0
  /// Entries in page tables that were visited for it.
  package var cost: UInt64 = 0

  /// For people.
  var word: String { stage == .complete ? "frozen" : "being frozen" }

  package enum Stage: String, CaseIterable, Hashable, Comparable, Sendable {
    /// No new writer; those under way are waited for.
    case writers
    /// No new fault that stores; those under way are waited for.
    case faults
    /// Dirty pages are written, and the journal committed.
    case sync
    case complete

    private var order: Int { Self.allCases.firstIndex(of: self) ?? 0 }
    package static func < (left: Stage, right: Stage) -> Bool { left.order < right.order }
  }

  package init(
    volume: Volume, isFilesystem: Bool, policy: FreezePolicy, stage: Stage = .complete, stores: UInt64 = 0,
    cost: UInt64 = 0
  ) {
    self.volume = volume
    self.isFilesystem = isFilesystem
    self.policy = policy
    self.stage = stage
    self.stores = stores
    self.cost = cost
  }
}

/// A fault that is half done: its block was looked up, its entry is not in the page table yet.
package struct PageFault: Hashable, Sendable {
  package var id: FaultID
  package var pid: ProcessID
  package var address: UInt64
  package var isStore: Bool
  /// The page, on the namespace below.
  package var piece: DeviceExtent
  /// Whether its device was removed since.
  package var isStray = false

  package init(
    id: FaultID, pid: ProcessID, address: UInt64, isStore: Bool, piece: DeviceExtent, isStray: Bool = false
  ) {
    self.id = id
    self.pid = pid
    self.address = address
    self.isStore = isStore
    self.piece = piece
    self.isStray = isStray
  }
}
