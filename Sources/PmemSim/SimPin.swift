import PmemDevice

/// References to pages, taken together and released together.
struct SimPin: Hashable {
  var id: Int
  /// Who can release them; 0 for nobody, any more.
  var pid: Int
  var command: String
  var kind: SimPinKind
  /// Where it was taken, in the process's addresses.
  var address: UInt64
  var length: UInt64
  /// On namespaces.
  var pieces: [Piece]
  /// Whether the pages went away meanwhile: releasing them is what the kernel dies of.
  var isDangling = false
  /// What was mapped there, and where in it; nil for what was not asked of a mapping.
  var source: SimSource?
  var offset: UInt64 = 0
  /// Whether they are pages of DRAM: of the page cache, or copies that were made for the pin.
  var isDRAM = false

  /// In the file or device, by pages of 4 KiB.
  var pages: Range<UInt64> { offset / 4096..<(offset + length + 4095) / 4096 }

  struct Piece: Hashable {
    var region: Int
    var namespace: Int
    /// On the namespace's device, bytes.
    var extent: Extent

    /// What two pieces have in common, on the device; nil for nothing.
    func intersection(_ other: Piece) -> Extent? {
      region == other.region && namespace == other.namespace ? extent.intersection(other.extent) : nil
    }
  }
}

/// What takes references to pages (mm/gup.c, and who calls it).
public enum SimPinKind: String, CaseIterable, Hashable, Sendable {
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
  /// References that are nobody's I/O, and that counting references takes for pins: a page being migrated, isolated from
  /// its list, looked up, or in use by its filesystem.
  case migration, isolation, lookup
  case filesystem

  /// Whether the holder may keep them for ever (FOLL_LONGTERM): refused for files on DAX.
  public var isLongTerm: Bool { self == .ioUring || self == .rdma || self == .vfio }

  /// Whether it is a pin (FOLL_PIN), or a plain reference.
  func isPin(_ rules: KernelRules) -> Bool {
    rules.countsPins && (isLongTerm || self == .directIO && rules.pinsDirectIO)
  }

  /// Whether it is references of the kernel itself, for as long as something takes.
  public var isPassing: Bool {
    self == .migration || self == .isolation || self == .lookup || self == .filesystem
  }

  /// How many references it has on a page of which it covers `bytes`.
  func count(_ bytes: UInt64) -> UInt64 { self == .ioUring ? 1 : (bytes + 4095) / 4096 }
}
