public import PmemDevice

/// The info block of a fsdax or devdax namespace: `struct nd_pfn_sb` in drivers/nvdimm/pfn.h, 4 KiB into the
/// namespace. 1.0 to 1.4 are read and written (`KernelRules.infoBlockMinor`).
public struct PfnInfoBlock: Hashable, Sendable {
  /// By its signature: whose info block it is.
  public enum Kind: String, Hashable, Sendable {
    case pfn = "NVDIMM_PFN_INFO"
    case dax = "NVDIMM_DAX_INFO"

    var signature: [UInt8] { Array(rawValue.utf8) + [0] }
  }

  /// From the start of the namespace.
  public static let offset: UInt64 = 4096
  public static let size = 4096
  static let checksumOffset = 4088

  public var kind: Kind
  public var uuid: DeviceUUID
  /// UUID of the namespace; null if it has none (label-less).
  public var parentUUID: DeviceUUID
  /// None is defined; 0 if pmemctl or the kernel wrote it.
  public var flags: UInt32 = 0
  /// 0 to 4, of version 1.
  public var minorVersion: UInt16
  /// `mem` or `dev`.
  public var map: MapLocation
  /// From the namespace's start to its data, bytes (dataoff).
  public var dataOffset: UInt64
  /// Pages of data.
  public var pageCount: UInt64
  /// Bytes at the namespace's start that are left out, so that it begins on a section.
  public var startPad: UInt32
  /// Bytes at its end that are left out.
  public var endTruncation: UInt32
  /// Of the data, and of mappings of a DAX device, bytes: 4 KiB, 2 MiB or 1 GiB.
  public var align: UInt64
  /// The value in the block: 0 before version 1.2, and if the data offset implies it.
  private(set) var declaredAlign: UInt32
  /// Of the kernel that wrote it, bytes; 0 before version 1.4.
  public var pageSize: UInt32
  /// sizeof(struct page) that room was left for, bytes; 0 before version 1.4.
  public var structPageSize: UInt16

  public init(
    kind: Kind, uuid: DeviceUUID, parentUUID: DeviceUUID, map: MapLocation, layout: PfnLayout, align: UInt64,
    host: HostFacts
  ) {
    self.kind = kind
    self.uuid = uuid
    self.parentUUID = parentUUID
    self.map = map
    self.align = align
    declaredAlign = UInt32(truncatingIfNeeded: align)
    minorVersion = host.rules.infoBlockMinor
    dataOffset = layout.dataOffset
    pageCount = layout.usable / host.pageSize
    startPad = UInt32(layout.startPad)
    endTruncation = UInt32(layout.endTruncation)
    pageSize = UInt32(host.pageSize)
    structPageSize = UInt16(host.structPageSize)
  }

  /// Reads a block as pfn_devs.c:nd_pfn_validate does, up to what the namespace itself decides.
  public init(_ bytes: [UInt8]) throws(MediaError) {
    guard bytes.count >= Self.size else { throw .truncated(need: Self.size, have: bytes.count) }
    let fields = ByteFields(Array(bytes.prefix(Self.size)))
    switch fields.slice(0, 16) {
    case Kind.pfn.signature: kind = .pfn
    case Kind.dax.signature: kind = .dax
    default: throw .signature
    }
    let computed = fields.checksum(excluding: Self.checksumOffset)
    guard computed == fields.u64(Self.checksumOffset) else {
      throw .checksum(stored: fields.u64(Self.checksumOffset), computed: computed)
    }
    uuid = DeviceUUID(bytes: fields.slice(16, 16)) ?? .null
    parentUUID = DeviceUUID(bytes: fields.slice(32, 16)) ?? .null
    flags = fields.u32(48)
    minorVersion = fields.u16(54)
    dataOffset = fields.u64(56)
    pageCount = fields.u64(64)
    switch fields.u32(72) {
    case 1: map = .mem
    case 2: map = .dev
    default: throw .field("mode", UInt64(fields.u32(72)))
    }
    startPad = minorVersion < 1 ? 0 : fields.u32(76)
    endTruncation = minorVersion < 1 ? 0 : fields.u32(80)
    declaredAlign = minorVersion < 2 ? 0 : fields.u32(84)
    // Of a data offset of 0 the kernel's ilog2() is -1, and the shift is by 63.
    align =
      declaredAlign != 0
      ? UInt64(declaredAlign) : 1 << (dataOffset == 0 ? 63 : 63 - UInt64(dataOffset.leadingZeroBitCount))
    pageSize = minorVersion < 4 ? 4096 : fields.u32(88)
    structPageSize = minorVersion < 4 ? 64 : fields.u16(92)
  }

  /// The block with its checksum, 4096 bytes.
  public var encoded: [UInt8] {
    var fields = ByteFields(count: Self.size)
    fields.set(kind.signature, at: 0)
    fields.set(uuid.bytes, at: 16)
    fields.set(parentUUID.bytes, at: 32)
    fields.set(flags, at: 48, width: 4)
    fields.set(1, at: 52, width: 2)
    fields.set(minorVersion, at: 54, width: 2)
    fields.set(dataOffset, at: 56, width: 8)
    fields.set(pageCount, at: 64, width: 8)
    fields.set(map == .mem ? 1 : 2, at: 72, width: 4)
    if minorVersion >= 1 {
      fields.set(startPad, at: 76, width: 4)
      fields.set(endTruncation, at: 80, width: 4)
    }
    if minorVersion >= 2 { fields.set(align, at: 84, width: 4) }
    if minorVersion >= 4 {
      fields.set(pageSize, at: 88, width: 4)
      fields.set(structPageSize, at: 92, width: 2)
    }
    fields.set(fields.checksum(excluding: Self.checksumOffset), at: Self.checksumOffset, width: 8)
    return fields.bytes
  }
}
