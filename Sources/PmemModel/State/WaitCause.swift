/// The cause of a blocked task: the kernel's object that it sleeps on.
package enum WaitCause: Hashable, Sendable {
  /// A frozen filesystem (fs/super.c, percpu_rwsem): sb_start_write, sb_start_pagefault.
  case freeze(Volume)
  /// A stopped request queue.
  case queue(Volume)
  /// Writers of a filesystem that is being frozen (fs/super.c:sb_wait_write).
  case writers(Volume)
  /// The references to a page of a file, from truncate (fs/dax.c:dax_break_layout, wait_var_event).
  case page(DeviceExtent)
  /// The same, from the eviction of the file's inode (fs/dax.c:dax_break_layout_final).
  case evictedPage(DeviceExtent)
  /// The pins of a page of the page cache, of 4 KiB: the proposal to wait in page_mkclean.
  case cachedPage(MappedObject, page: UInt64)
  /// The lock of a page of the page cache, of 4 KiB; from a fault, or from a system call.
  case pageLock(MappedObject, page: UInt64, isFault: Bool)
  /// The lock of a file's inode (i_rwsem).
  case inodeLock(MappedObject)
  /// Direct I/O that has a file as its storage (fs/inode.c:inode_dio_wait).
  case directIO(MappedObject)
  /// A fault that holds the invalidate_lock of a file.
  case fault(MappedObject)
  /// A fault under way on a device (drivers/dax/super.c:kill_dax, synchronize_srcu).
  case deviceFault(DeviceID)
  /// References to the pages of a device (mm/memremap.c:memunmap_pages, wait_for_completion).
  case devicePages(DeviceID)
  /// Mappings of a device: the proposal that pmem is memory.
  case deviceMappings(DeviceID)
  /// Memory, or an update, that a driver needs in ->direct_access.
  case driver(String)

  /// Whether every signal ends the wait (S); else the task sleeps in state D, though SIGKILL may end that.
  package var isInterruptible: Bool {
    switch self {
    case .page, .deviceMappings: true
    default: false
    }
  }

  /// Whether SIGKILL ends the wait: it does not end an uninterruptible sleep (D).
  package var isKillable: Bool {
    switch self {
    case .freeze, .queue, .writers, .evictedPage, .inodeLock, .directIO, .fault, .deviceFault, .devicePages:
      false
    case .pageLock(_, _, let isFault): isFault
    case .page, .cachedPage, .deviceMappings, .driver: true
    }
  }
}

/// A wait that an operation has come to.
package struct Wait: Hashable, Sendable {
  package var cause: WaitCause
  /// For people: "pin 1 of process 812 holds pages of it".
  package var reason: String
  /// The part left to do afterwards; nil: all of the operation.
  package var rest: Operation?

  package init(_ cause: WaitCause, _ reason: String) {
    self.cause = cause
    self.reason = reason
  }
}
