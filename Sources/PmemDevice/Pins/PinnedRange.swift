/// Adjacent pages of a device with extra references, all alike.
public struct PinnedRange: Hashable, Sendable {
  /// The kind of the references, as far as the counters show.
  public enum Class: String, CaseIterable, Hashable, Sendable {
    /// Pinned for DMA (FOLL_PIN).
    case pinned
    /// Referenced without being pinned (FOLL_GET: pages in a pipe, zero-copy sending). As dangerous to take away.
    case referenced
    /// Pinned, and no holder is left to release it: VFIO leaks the pins that it takes on device-dax.
    case orphan
    /// The count is impossible: a late release has hit the pages of another life of the device.
    case corrupt
    /// It could not be determined.
    case unknown
  }

  /// Their duration, as far as a moment of watching shows.
  public enum Duration: String, Hashable, Sendable {
    case longTerm = "long-term"
    case transient
  }

  public var device: String
  public var namespace: String
  /// Bytes of the device.
  public var extent: Extent
  /// Of the pages that the kernel counts in: a compound page has one count for all of it.
  public var pageSize: UInt64
  /// Pins on each of the pages.
  public var pins: UInt64
  /// Other references to each, beyond those that the kernel gives an unused or mapped page. Negative if ``kind`` is
  /// corrupt.
  public var references: Int64
  /// Whether ``pins`` is certain. A small page counts a pin as 1024 references (GUP_PIN_COUNTING_BIAS): as many plain
  /// references look the same, so it is then an upper bound, unless evidence accounts for as many.
  public var isExact: Bool
  public var kind: Class
  public var duration: Duration?
  /// For a page of a filesystem: its file, and the offset in that file.
  public var file: PinnedFile?
  public var holders: [PinHolder]
  /// Pins on each page that no evidence accounts for; nil if unknown.
  public var unexplained: UInt64?

  public init(
    device: String, namespace: String, extent: Extent, pageSize: UInt64, pins: UInt64, references: Int64,
    isExact: Bool, kind: Class, duration: Duration? = nil, file: PinnedFile? = nil, holders: [PinHolder] = [],
    unexplained: UInt64? = nil
  ) {
    self.device = device
    self.namespace = namespace
    self.extent = extent
    self.pageSize = pageSize
    self.pins = pins
    self.references = references
    self.isExact = isExact
    self.kind = kind
    self.duration = duration
    self.file = file
    self.holders = holders
    self.unexplained = unexplained
  }
}

/// A file behind a page.
public struct PinnedFile: Hashable, Sendable {
  /// From the root of its filesystem if that is not mounted; nil if the kernel has forgotten it.
  public var path: RawText?
  /// Of its filesystem.
  public var inode: UInt64
  /// Bytes.
  public var offset: UInt64

  public init(path: RawText?, inode: UInt64, offset: UInt64) {
    self.path = path
    self.inode = inode
    self.offset = offset
  }
}

/// A process that probably holds pins, and why that is thought.
public struct PinHolder: Hashable, Sendable {
  /// The kind of evidence, from the strongest to the weakest.
  public enum Evidence: Hashable, Sendable {
    /// A buffer registered with io_uring, in what the process maps of the device.
    case ioUring(bytes: UInt64)
    /// A system call that is under way with a buffer there.
    case directIO(bytes: UInt64)
    /// A memory region registered for RDMA, of unknown addresses.
    case rdma(device: String, bytes: UInt64)
    /// A descriptor through which devices do DMA: VFIO, iommufd, vDPA.
    case vfio(name: String)
    /// A virtual machine.
    case kvm
    /// Data in pipes that it has open: pages of a process's memory (vmsplice), or copies.
    case pipe(bytes: UInt64)
    /// It has this much of some memory pinned (VmPin).
    case pinned(bytes: UInt64)
  }

  public var process: ProcessName
  public var evidence: Evidence
  /// Pins on each page of the range that this evidence accounts for; nil if unknown.
  public var pins: UInt64?

  public init(process: ProcessName, evidence: Evidence, pins: UInt64? = nil) {
    self.process = process
    self.evidence = evidence
    self.pins = pins
  }
}

extension PinHolder.Evidence {
  /// A description: `io_uring buffer`.
  public var title: String {
    switch self {
    case .ioUring: "io_uring buffer"
    case .directIO: "buffer of a system call"
    case .rdma(let device, _): "RDMA memory region on \(device)"
    case .vfio(let name): "open \(name)"
    case .kvm: "virtual machine"
    case .pipe: "data in pipes"
    case .pinned: "VmPin"
    }
  }

  /// Its size; nil if it has none.
  public var bytes: UInt64? {
    switch self {
    case .ioUring(let bytes), .directIO(let bytes), .rdma(_, let bytes), .pipe(let bytes), .pinned(let bytes):
      bytes
    case .vfio, .kvm: nil
    }
  }

  /// In words: `io_uring buffer, 8 MiB`.
  public var text: String { title + (bytes.map { ", \(ByteCount($0))" } ?? "") }
}

/// The findings on a device.
public struct DevicePins: Hashable, Sendable {
  public var device: String
  public var namespace: String
  public var mode: NamespaceMode
  /// Bytes of the device that were looked at.
  public var size: UInt64
  /// Sorted, not overlapping.
  public var ranges: [PinnedRange]
  /// Why the counts could not be read, as a sentence; nil if they were.
  public var unknown: String?
  /// Possible holders of pins on it, if the counts could not be read.
  public var suspects: [PinHolder]

  public init(
    device: String, namespace: String, mode: NamespaceMode, size: UInt64, ranges: [PinnedRange] = [],
    unknown: String? = nil, suspects: [PinHolder] = []
  ) {
    self.device = device
    self.namespace = namespace
    self.mode = mode
    self.size = size
    self.ranges = ranges
    self.unknown = unknown
    self.suspects = suspects
  }

  /// Bytes that are pinned, or referenced at all.
  public var heldBytes: UInt64 { ranges.reduce(0) { $0 + $1.extent.length } }
}

/// The references to persistent memory on a machine.
public struct PinReport: Hashable, Sendable {
  public var devices: [DevicePins]
  /// The parts that could not be seen: counts of a device, or processes that may hold any of the pins.
  public var missing: [Unseen]

  public init(devices: [DevicePins] = [], missing: [Unseen] = []) {
    self.devices = devices
    self.missing = missing
  }
}

extension [DevicePins] {
  /// The counts that could not be read, for each reason.
  public var unread: [Unseen] {
    var found: [Unseen] = []
    for device in self {
      guard let reason = device.unknown else { continue }
      let text = "whether memory is pinned for DMA could not be determined: \(reason)"
      if let index = found.firstIndex(where: { $0.reason == text }) {
        found[index].namespaces.append(device.namespace)
      } else {
        found.append(Unseen(.pins, text, of: [device.namespace], isDecisive: true))
      }
    }
    return found
  }
}
