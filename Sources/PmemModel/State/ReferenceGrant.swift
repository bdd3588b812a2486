package import PmemDevice

/// The result of a walk of page tables for references.
public struct ReferenceGrant: Hashable, Sendable {
  /// References taken, in pages of 4 KiB.
  public internal(set) var pages: UInt64 = 0
  /// Taken by the fast walk, and returned when the range turned out to be incomplete.
  public internal(set) var undone: UInt64 = 0
  /// Atomic operations on pages, and on devices for them.
  public internal(set) var pageOperations: UInt64 = 0
  public internal(set) var deviceOperations: UInt64 = 0
  /// Pages of 4 KiB that were copied to DRAM for it.
  public internal(set) var copied: UInt64 = 0
  package internal(set) var pieces: [DeviceExtent] = []
  /// Why it ended before its end.
  package internal(set) var fault: KernelRefusal?
}
