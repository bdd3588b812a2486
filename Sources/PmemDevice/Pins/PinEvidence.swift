/// Something that a process does which takes references to memory.
public struct PinEvidence: Hashable, Sendable {
  public var process: ProcessName
  public var evidence: PinHolder.Evidence
  /// Its range on namespaces; nil if it is not reported.
  public var ranges: [NamespaceRange]?
  /// References on each page of the ranges; 0 if it accounts for none by itself.
  public var pins: UInt64

  public init(
    process: ProcessName, evidence: PinHolder.Evidence, ranges: [NamespaceRange]? = nil, pins: UInt64
  ) {
    self.process = process
    self.evidence = evidence
    self.ranges = ranges
    self.pins = pins
  }

  /// Whether it can be the reason for references that nothing else explains. A virtual machine's memory is not pinned for
  /// it.
  public var isReason: Bool { if case .kvm = evidence { false } else { true } }

  /// Whether it makes pins (FOLL_PIN), or plain references: direct I/O pins its buffers since 6.5,
  /// all others since pins are counted.
  public func makesPins(_ rules: KernelRules) -> Bool {
    switch evidence {
    case .pipe: false
    case .directIO: rules.pinsDirectIO
    default: rules.countsPins
    }
  }

  /// Whether its ranges are only what its process maps now, and there may have been more.
  var outlivesMappings: Bool { if case .vfio = evidence { true } else { false } }

  /// Of a buffer that is one piece: how long it is.
  var length: UInt64? {
    switch evidence {
    case .ioUring(let bytes), .rdma(_, let bytes), .directIO(let bytes): bytes
    default: nil
    }
  }
}
