package import PmemDevice

/// The callers that take references to pages (mm/gup.c, and its callers).
public enum PinKind: String, CaseIterable, Hashable, Sendable {
  /// A buffer registered with io_uring: one pin for each page, or for all of a compound page.
  case ioUring = "io_uring"
  /// A memory region for RDMA: a pin for each 4 KiB.
  case rdma
  /// Memory mapped for a device by VFIO type1: a pin for each 4 KiB, which it forgets to release on device-dax
  /// (drivers/vfio/vfio_iommu_type1.c:put_pfn passes over reserved pages).
  case vfio
  /// Direct I/O under way: a pin for each 4 KiB since 6.5, before that a plain reference.
  case directIO = "direct-io"
  /// Pages in a pipe: plain references.
  case vmsplice
  /// Pages being sent without a copy: plain references.
  case zerocopy
  /// References that no I/O has, and that counting references takes for pins: a page being migrated, isolated from its
  /// list, looked up, or in use by its filesystem.
  case migration, isolation, lookup
  case filesystem

  /// Whether the holder may keep them forever (FOLL_LONGTERM): refused for files on DAX.
  public var isLongTerm: Bool { self == .ioUring || self == .rdma || self == .vfio }

  /// Whether it is a pin (FOLL_PIN), or a plain reference.
  package func isPin(_ rules: KernelRules) -> Bool {
    rules.countsPins && (isLongTerm || self == .directIO && rules.pinsDirectIO)
  }

  /// Whether it is references of the kernel itself, for as long as something takes.
  public var isTransientKernelReference: Bool {
    self == .migration || self == .isolation || self == .lookup || self == .filesystem
  }

  /// Whether it ends without its process: a device finishes direct I/O, and the kernel what it does for itself.
  package var endsByItself: Bool { self == .directIO || isTransientKernelReference }

  /// Whether its holder writes to the pages by default: pages in a pipe, or being sent, are read.
  public var writesByDefault: Bool { isLongTerm || self == .directIO }

  /// How many references it has on a page of which it covers `bytes`.
  package func count(_ bytes: UInt64) -> UInt64 { self == .ioUring ? 1 : (bytes + 4095) / 4096 }
}
