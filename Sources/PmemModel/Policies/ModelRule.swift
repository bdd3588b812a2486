/// The rules of the memory model. Each can be disabled, to see what depends on it.
public enum ModelRule: String, CaseIterable, Hashable, Sendable {
  /// brd makes a page when it is first asked for.
  case brdAllocates = "brd-allocates"
  /// The atomic flag of a caller is looked at.
  case atomicMayNotSleep = "atomic-may-not-sleep"
  /// A remote provider gives access when its update has come.
  case remoteUpdatesFirst = "remote-updates-first"
  /// The address of pmem is arithmetic: it needs nothing.
  case pmemIsArithmetic = "pmem-is-arithmetic"
  /// mmap of a block device is DAX on kernels that have that (4.5, 4.6).
  case blockDevicesMapDirectly = "block-devices-map-directly"
  /// An address with an entry in the page table needs no fault: neither a stopped queue nor a frozen filesystem learns
  /// of it.
  case entriesNeedNoFault = "entries-need-no-fault"
  /// Freezing changes page table entries, as its policy says.
  case freezeChangesEntries = "freeze-changes-entries"
  /// A frozen filesystem holds faults up that store (sb_start_pagefault).
  case freezeHoldsFaults = "freeze-holds-faults"
  /// A frozen filesystem blocks system calls that write to it, and its writeback.
  case freezeHoldsWriters = "freeze-holds-writers"
  /// Freezing waits for writers and faults that are under way.
  case freezeWaitsForWriters = "freeze-waits-for-writers"
  /// Freezing writes what is dirty, and commits.
  case freezeSyncs = "freeze-syncs"
  /// A stopped queue holds up block I/O, and commits with it.
  case stoppedQueueHoldsIO = "stopped-queue-holds-io"
  /// Nothing holds the size of a partition still.
  case partitionsShrink = "partitions-shrink"
  /// Truncate takes a file's entries out of page tables.
  case truncateUnmaps = "truncate-unmaps"
  /// Truncate and faults exclude each other (invalidate_lock).
  case truncateExcludesFaults = "truncate-excludes-faults"
  /// Truncate waits for direct I/O that has the file as its storage (inode_dio_wait).
  case truncateWaitsForStorage = "truncate-waits-for-storage"
  /// Truncate looks for references to the blocks of its range.
  case truncateChecksPins = "truncate-checks-pins"
  /// Freed blocks can be allocated, although their pages may be referenced.
  case freedBlocksAreFree = "freed-blocks-are-free"
  /// Blocks that are freed while pinned are kept from being allocated.
  case pinnedBlocksAreHeld = "pinned-blocks-are-held"
  /// Blocks that are freed can be allocated after the commit alone.
  case freedAfterCommit = "freed-after-commit"
  /// Pinning under the bounce policy switches the mapping to the copy.
  case bounceSwitchesMapping = "bounce-switches-mapping"
  /// Releasing the last pin of a copy writes it back.
  case bounceCopiesBack = "bounce-copies-back"
  /// Long-term pins (FOLL_LONGTERM) of files are refused.
  case longTermIsRefused = "long-term-is-refused"
  /// Memory without struct pages cannot be pinned.
  case pagelessCannotBePinned = "pageless-cannot-be-pinned"
  /// A device that is being removed gives no new references (get_dev_pagemap).
  case dyingDeviceRefuses = "dying-device-refuses"
  /// References to pages also count for their device, as the policy says.
  case referencesCountDevice = "references-count-device"
  /// A partial batch of references is returned if it fails (undo_dev_pagemap).
  case failedGetsAreUndone = "failed-gets-are-undone"
  /// Taking a device away stops new faults first.
  case teardownBlocksFaults = "teardown-blocks-faults"
  /// Taking a device away waits for faults that are under way.
  case teardownDrainsFaults = "teardown-drains-faults"
  /// Taking a device away takes its entries out of page tables.
  case teardownRevokes = "teardown-revokes"
  /// Removing a device waits for references to its pages, if the policy says so.
  case teardownWaits = "teardown-waits"
  /// The pages of a device go with it.
  case teardownFreesPages = "teardown-frees-pages"
  /// A device stays while it is mapped, if the policy says so.
  case mappingsHoldDevice = "mappings-hold-device"
  /// Writes of hardware cause no fault: the kernel learns of them when the pin is released.
  case hardwareMakesNoFault = "hardware-makes-no-fault"
  /// Writeback makes page table entries read-only (page_mkclean).
  case writebackCleansEntries = "writeback-cleans-entries"
  /// Writeback looks whether a page is pinned.
  case writebackChecksPins = "writeback-checks-pins"
  /// A page that is written from a copy stays dirty.
  case bouncedStaysDirty = "bounced-stays-dirty"
  /// The guess from counts takes other references for pins.
  case guessCountsReferences = "guess-counts-references"
  /// VFIO forgets the pins it has on device-dax.
  case vfioForgets = "vfio-forgets"
  /// A filesystem is not unmounted while its pages are pinned.
  case unmountChecksPins = "unmount-checks-pins"
  /// A task that waits for a page is woken when its last reference is put, and by nothing else.
  case lastPutWakes = "last-put-wakes"
  /// Writeback that waits has the page locked, and no other one.
  case writebackLocksPages = "writeback-locks-pages"
  /// Truncate has the inode locked while it waits for pins.
  case waitingKeepsInodeLocked = "waiting-keeps-inode-locked"
  /// An inode is not another one that gets its number.
  case inodesHaveGenerations = "inodes-have-generations"
  /// Pinning for writing takes a mapping that can be stored to.
  case writingTakesPermission = "writing-takes-permission"
  /// Pinning faults pages in, for writing as a store does.
  case pinsFaultIn = "pins-fault-in"
  /// Memory that is pinned to be sent is read.
  case readersOnlyRead = "readers-only-read"
  /// fsync of a file commits what the journal does not have of it.
  case fsyncCommits = "fsync-commits"
  /// fsync writes copies in DRAM, which are the current ones, to the media.
  case fsyncWritesCopies = "fsync-writes-copies"
  /// Stores through MAP_SYNC that were flushed survive.
  case syncMappingsPromise = "sync-mappings-promise"
  /// Memory that is registered on demand has no references, and faults.
  case onDemandFaults = "on-demand-faults"
  /// A store to a private mapping copies the page first, and is no store to the file.
  case privateMappingsCopy = "private-mappings-copy"
  /// A fault asks the driver under the mapping for the address of its pages.
  case faultsAskDriver = "faults-ask-driver"
  /// Unmounting makes no filesystem.
  case unmountKeepsFiles = "unmount-keeps-files"
  /// Unmounting writes everything out.
  case unmountWritesOut = "unmount-writes-out"
  /// A boot forgets pins, and journals bring back what was committed.
  case crashReplaysJournal = "crash-replays-journal"
}
