/// A CXL region: one device's memory, or several interleaved, at addresses of a window (drivers/cxl/core/region.c).
public struct CxlRegion: Hashable, Sendable {
  /// Kernel name, `regionN`. Numbers are from the same pool as those of libnvdimm's regions and of DAX regions: those of what
  /// is made from it are equal (drivers/cxl/pmem.c:cxl_pmem_region_probe, drivers/dax/cxl.c:cxl_dax_region_probe).
  public var dev: String
  /// The root decoder that it is in.
  public var window: String
  /// nil if it is of no kind known here.
  public var kind: CxlMemoryKind?
  /// Bytes; nil if unknown.
  public var size: ByteCount?
  /// Physical address; nil if none is allocated, or unknown.
  public var resource: UInt64?
  public var uuid: DeviceUUID?
  /// How many devices are interleaved; nil if not set, or unknown.
  public var ways: Int?
  /// Bytes that follow each other on one device; nil if not set, or unknown.
  public var granularity: UInt64?
  /// Whether its decoders are programmed; nil if unknown.
  public var isCommitted: Bool?
  /// Whether the driver cxl_region is bound to it.
  public var isBound: Bool
  /// In the order of their positions.
  public var members: [CxlMember]
  /// The kernel device created for it; nil if there is none.
  public var bridge: Bridge?

  /// The device by which other subsystems get the memory of a region, and what they have made of it.
  public enum Bridge: Hashable, Sendable {
    /// `pmem_regionN`: for libnvdimm, if a driver is bound to it.
    case pmem(isBound: Bool)
    /// `dax_regionN`: for device-dax, if a driver is bound to it; names of its devices.
    case dax(isBound: Bool, devices: [String])
  }

  public init(
    dev: String, window: String, kind: CxlMemoryKind?, size: ByteCount? = nil, resource: UInt64? = nil,
    uuid: DeviceUUID? = nil, ways: Int? = nil, granularity: UInt64? = nil, isCommitted: Bool? = nil,
    isBound: Bool = true, members: [CxlMember] = [], bridge: Bridge? = nil
  ) {
    self.dev = dev
    self.window = window
    self.kind = kind
    self.size = size
    self.resource = resource
    self.uuid = uuid
    self.ways = ways
    self.granularity = granularity
    self.isCommitted = isCommitted
    self.isBound = isBound
    self.members = members
    self.bridge = bridge
  }

  /// Whether it is complete, and a tool has unbound its driver, or reset its decoders.
  public var isDisabled: Bool {
    !members.isEmpty && members.count == ways && length > 0 && (!isBound || isCommitted == false)
  }

  /// Bytes; 0 if unknown.
  var length: UInt64 { size?.rawValue ?? 0 }

  /// Names of its DAX devices; none of a pmem region, whose namespaces have them.
  public var daxDevices: [String] {
    guard case .dax(_, let devices) = bridge else { return [] }
    return devices
  }
}

/// A position of a region's interleave.
public struct CxlMember: Hashable, Sendable {
  /// From 0.
  public var position: Int
  /// The endpoint's decoder.
  public var decoder: String
  /// nil if the decoder belongs to no visible device.
  public var memdev: String?

  public init(position: Int, decoder: String, memdev: String?) {
    self.position = position
    self.decoder = decoder
    self.memdev = memdev
  }
}
