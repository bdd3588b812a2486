public import PmemDevice

/// A BTT arena's info block: `struct btt_sb` in drivers/nvdimm/btt.h (UEFI "BTT Info Block").
public struct BttInfoBlock: Hashable, Sendable {
  public static let size = 4096
  static let signature: [UInt8] = Array("BTT_ARENA_INFO\0\0".utf8)
  static let checksumOffset = 4088

  public var uuid: DeviceUUID
  /// Of the namespace; null means "any" (1.1).
  public var parentUUID: DeviceUUID
  /// Bit 0: the arena is in error, and the kernel takes it read-only (IB_FLAG_ERROR).
  public var flags: UInt32
  public var version: BttLayout.Version
  /// Bytes of a sector as users see it, 512 to 4224.
  public var externalBlockSize: UInt32
  /// Sectors that users see.
  public var externalBlocks: UInt32
  /// Bytes that a sector takes on the media: ``externalBlockSize`` rounded up to a cache line.
  public var internalBlockSize: UInt32
  /// Blocks of data, free ones included.
  public var internalBlocks: UInt32
  /// Blocks that no sector has, one a lane (nfree): 256.
  public var freeBlocks: UInt32
  /// All from the start of the arena; ``nextOffset`` is 0 in the last.
  public var nextOffset: UInt64
  /// Of the first block, bytes.
  public var dataOffset: UInt64
  /// Of the map, bytes: an entry of 4 bytes a sector.
  public var mapOffset: UInt64
  /// Of the log, bytes: 64 bytes a lane.
  public var logOffset: UInt64
  /// Of the second info block, bytes.
  public var info2Offset: UInt64

  public init(
    uuid: DeviceUUID, parentUUID: DeviceUUID, arena: BttLayout.Arena, layout: BttLayout
  ) {
    self.uuid = uuid
    self.parentUUID = parentUUID
    flags = 0
    version = layout.version
    externalBlockSize = UInt32(layout.externalBlockSize)
    externalBlocks = UInt32(arena.externalBlocks)
    internalBlockSize = UInt32(arena.internalBlockSize)
    internalBlocks = UInt32(arena.internalBlocks)
    freeBlocks = UInt32(BttLayout.freeBlocks)
    nextOffset = arena.nextOffset
    dataOffset = arena.dataOffset
    mapOffset = arena.mapOffset
    logOffset = arena.logOffset
    info2Offset = arena.info2Offset
  }

  /// Reads a block as btt_devs.c:nd_btt_arena_is_valid does, up to what the namespace itself decides.
  public init(_ bytes: [UInt8]) throws(MediaError) {
    guard bytes.count >= Self.size else { throw .truncated(need: Self.size, have: bytes.count) }
    let fields = ByteFields(Array(bytes.prefix(Self.size)))
    guard fields.slice(0, 16) == Self.signature else { throw .signature }
    let computed = fields.checksum(excluding: Self.checksumOffset)
    guard computed == fields.u64(Self.checksumOffset) else {
      throw .checksum(stored: fields.u64(Self.checksumOffset), computed: computed)
    }
    switch (fields.u16(52), fields.u16(54)) {
    case (1, 1): version = .v1
    case (2, 0): version = .v2
    case (let major, let minor): throw .version(major: major, minor: minor)
    }
    uuid = DeviceUUID(bytes: fields.slice(16, 16)) ?? .null
    parentUUID = DeviceUUID(bytes: fields.slice(32, 16)) ?? .null
    flags = fields.u32(48)
    externalBlockSize = fields.u32(56)
    externalBlocks = fields.u32(60)
    internalBlockSize = fields.u32(64)
    internalBlocks = fields.u32(68)
    freeBlocks = fields.u32(72)
    nextOffset = fields.u64(80)
    dataOffset = fields.u64(88)
    mapOffset = fields.u64(96)
    logOffset = fields.u64(104)
    info2Offset = fields.u64(112)
  }

  /// The block with its checksum, 4096 bytes.
  public var encoded: [UInt8] {
    var fields = ByteFields(count: Self.size)
    fields.set(Self.signature, at: 0)
    fields.set(uuid.bytes, at: 16)
    fields.set(parentUUID.bytes, at: 32)
    fields.set(flags, at: 48, width: 4)
    fields.set(version == .v1 ? 1 : 2, at: 52, width: 2)
    fields.set(version == .v1 ? 1 : 0, at: 54, width: 2)
    fields.set(externalBlockSize, at: 56, width: 4)
    fields.set(externalBlocks, at: 60, width: 4)
    fields.set(internalBlockSize, at: 64, width: 4)
    fields.set(internalBlocks, at: 68, width: 4)
    fields.set(freeBlocks, at: 72, width: 4)
    fields.set(Self.size, at: 76, width: 4)
    fields.set(nextOffset, at: 80, width: 8)
    fields.set(dataOffset, at: 88, width: 8)
    fields.set(mapOffset, at: 96, width: 8)
    fields.set(logOffset, at: 104, width: 8)
    fields.set(info2Offset, at: 112, width: 8)
    fields.set(fields.checksum(excluding: Self.checksumOffset), at: Self.checksumOffset, width: 8)
    return fields.bytes
  }
}
