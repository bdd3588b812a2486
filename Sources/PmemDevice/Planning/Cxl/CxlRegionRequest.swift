/// A CXL region that is to be created.
public struct CxlRegionRequest: Hashable, Sendable {
  /// In the order of their positions.
  public var memdevs: [CxlMemdev]
  /// nil: persistent, if the devices have persistent memory that is free, else volatile.
  public var kind: CxlMemoryKind?
  /// The root decoder; nil: the first that has the kind, and room.
  public var window: String?
  /// Bytes; nil: all that the devices have free.
  public var size: ByteCount?
  /// Bytes that follow each other on one device; nil: the window's.
  public var granularity: UInt64?
  /// nil: a random one.
  public var uuid: DeviceUUID?

  public init(
    memdevs: [CxlMemdev], kind: CxlMemoryKind? = nil, window: String? = nil, size: ByteCount? = nil,
    granularity: UInt64? = nil, uuid: DeviceUUID? = nil
  ) {
    self.memdevs = memdevs
    self.kind = kind
    self.window = window
    self.size = size
    self.granularity = granularity
    self.uuid = uuid
  }

  /// How many devices can be interleaved (CXL 3.1, 8.2.4.20.7; linux: cxl.h:ways_to_eiw).
  public static let ways = [1, 2, 3, 4, 6, 8, 12, 16]
  /// Bytes on one device before the next has its turn (linux: cxl.h:granularity_to_eig).
  public static let granularities: [UInt64] = [256, 512, 1024, 2048, 4096, 8192, 16384]
  /// Memory of a device is allocated in multiples of this (linux: port.c:dpa_size_store, region.c:alloc_hpa), bytes.
  public static let unit: UInt64 = 256 << 20
}
