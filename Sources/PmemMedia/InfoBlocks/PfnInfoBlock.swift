public import PmemDevice

/// The info block of a fsdax or devdax namespace: `struct nd_pfn_sb` in drivers/nvdimm/pfn.h, 4 KiB into the
/// namespace. 1.0 to 1.4 are read and written (``KernelRules/infoBlockMinor``).
public struct PfnInfoBlock: Hashable, Sendable {
  public enum Kind: String, Hashable, Sendable {
    case pfn = "NVDIMM_PFN_INFO"
    case dax = "NVDIMM_DAX_INFO"

    var signature: [UInt8] { Array(rawValue.utf8) + [0] }
  }

  /// From the start of the namespace.
  public static let offset: UInt64 = 4096
  public static let size = 4096
  private static let checksumOffset = 4088

  public var kind: Kind
  public var uuid: DeviceUUID
  /// Of the namespace; null where it has none (label-less).
  public var parentUUID: DeviceUUID
  public var flags: UInt32 = 0
  public var minorVersion: UInt16
  /// `mem` or `dev`.
  public var map: MapLocation
  public var dataOffset: UInt64
  /// Pages of data.
  public var pageCount: UInt64
  public var startPad: UInt32
  public var endTruncation: UInt32
  public var align: UInt64
  public var pageSize: UInt32
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
    guard fields.u16(52) == 1 else { throw .version(major: fields.u16(52), minor: minorVersion) }
    dataOffset = fields.u64(56)
    pageCount = fields.u64(64)
    switch fields.u32(72) {
    case 1: map = .mem
    case 2: map = .dev
    default: throw .field("mode", UInt64(fields.u32(72)))
    }
    startPad = minorVersion < 1 ? 0 : fields.u32(76)
    endTruncation = minorVersion < 1 ? 0 : fields.u32(80)
    align = minorVersion < 2 ? 0 : UInt64(fields.u32(84))
    if align == 0 {
      guard dataOffset != 0 else { throw .field("dataoff", 0) }
      align = UInt64(1) << UInt64(63 - dataOffset.leadingZeroBitCount)
    }
    pageSize = minorVersion < 4 ? 4096 : fields.u32(88)
    structPageSize = minorVersion < 4 ? 64 : fields.u16(92)
  }

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

extension PfnInfoBlock {
  /// Why a kernel does not take the block although it is whole (pfn_devs.c:nd_pfn_validate), in the kernel's words.
  ///
  /// - Parameters:
  ///   - start: Physical address of the namespace.
  ///   - size: Bytes of the namespace.
  ///   - host: Whose kernel.
  /// - Returns: nil where it takes it.
  public func fault(start: UInt64, size: UInt64, host: HostFacts) -> String? {
    let lost = UInt64(startPad) + UInt64(endTruncation)
    if map == .dev, UInt64(pageSize) > host.pageSize { return "init failed, page size mismatch \(pageSize)" }
    if map == .dev, UInt64(structPageSize) < host.structPageSize {
      return "init failed, struct page size mismatch \(structPageSize)"
    }
    guard align > 0, align <= size else { return "alignment exceeds capacity" }
    guard lost < size, dataOffset < size - lost else { return "bad offset with small namespace" }
    guard (start &+ dataOffset &+ UInt64(startPad)) % align == 0, dataOffset % host.pageSize == 0 else {
      return "bad offset: 0x\(String(dataOffset, radix: 16)) dax disabled"
    }
    guard kind == .pfn || RegionCapabilities.standard.devdaxAlignments.contains(align) else {
      return "init failed, alignment mismatch"
    }
    guard host.rules.mapping == .subsections else { return nil }
    guard (start &+ UInt64(startPad)) % host.mapAlign == 0 else { return "resource start misaligned" }
    guard (start &+ size &- UInt64(endTruncation)) % host.mapAlign == 0 else {
      return "resource end misaligned"
    }
    return nil
  }
}
