/// How a sector-mode namespace is divided: drivers/nvdimm/btt.c:alloc_arena and create_arenas (UEFI
/// specification, chapter "Block Translation Table (BTT) Layout"). All offsets are bytes.
public struct BttLayout: Hashable, Sendable {
  /// The BTT format, which follows the label version (namespace_devs.c:btt_claim_class).
  public enum Version: Hashable, Sendable {
    /// 1.1: first arena at 4 KiB; label-less and v1.1 labels.
    case v1
    /// 2.0: first arena at 0; v1.2 labels.
    case v2

    /// Offset of the first arena in the namespace.
    public var initialOffset: UInt64 { self == .v1 ? 4096 : 0 }
  }

  /// A part of the namespace with a map and a log of its own, up to 512 GiB.
  public struct Arena: Hashable, Sendable {
    /// From the start of the namespace.
    public let offset: UInt64
    /// Bytes, metadata included.
    public let size: UInt64
    /// 0 for the last arena.
    public let nextOffset: UInt64
    /// Bytes that a sector takes on the media.
    public let internalBlockSize: UInt64
    /// Blocks of data, free ones included.
    public let internalBlocks: UInt64
    /// Sectors that users see.
    public let externalBlocks: UInt64
    /// The following are from the start of the arena.
    public let dataOffset: UInt64
    /// Of the map, bytes.
    public let mapOffset: UInt64
    /// Of the log, bytes.
    public let logOffset: UInt64
    /// Of the second info block, bytes.
    public let info2Offset: UInt64
  }

  public let version: Version
  public let arenas: [Arena]
  /// The block size asked for; 520, 4104 and so on carry metadata behind each block.
  public let externalBlockSize: UInt64
  /// The size of /dev/pmemXs.
  public let usable: UInt64

  /// Blocks of each arena that no sector has (drivers/nvdimm/btt.h: BTT_DEFAULT_NFREE).
  public static let freeBlocks: UInt64 = 256
  static let page: UInt64 = 4096

  /// The least that a BTT of a version can be made of.
  public static func minimumSize(_ version: Version) -> UInt64 { arenaMinimum + version.initialOffset }

  static let arenaMinimum: UInt64 = 1 << 24
  static let arenaMaximum: UInt64 = 1 << 39
  static let blockAlignment: UInt64 = 64
  static let mapEntry: UInt64 = 4
  static let logGroup: UInt64 = 64

  /// The logical block size that applications see: 512 or 4096, the rest of a block being metadata.
  public static func sectorSize(of blockSize: UInt64) -> UInt64 { blockSize >= 4096 ? 4096 : 512 }

  /// Computes the layout; nil if the namespace is too small (ENXIO, "must be at least ...").
  ///
  /// - Parameters:
  ///   - size: The size taken from the region.
  ///   - blockSize: One of ``RegionCapabilities/sectorSizes``.
  ///   - version: BTT format.
  public init?(size: UInt64, blockSize: UInt64, version: Version) {
    // Of larger blocks the smallest arena would not have the spare ones.
    guard size >= Self.minimumSize(version), (1...32768).contains(blockSize) else { return nil }
    var remaining = size - version.initialOffset
    var offset = version.initialOffset
    var arenas: [Arena] = []
    while remaining >= Self.arenaMinimum {
      let arenaSize = min(remaining, Self.arenaMaximum)
      remaining -= arenaSize
      arenas.append(
        Arena(
          offset: offset, size: arenaSize, nextOffset: remaining >= Self.arenaMinimum ? arenaSize : 0,
          blockSize: blockSize))
      offset += arenaSize
    }
    self.version = version
    self.arenas = arenas
    externalBlockSize = blockSize
    usable = arenas.reduce(0) { $0 + $1.externalBlocks } * Self.sectorSize(of: blockSize)
  }
}

extension BttLayout.Arena {
  init(offset: UInt64, size: UInt64, nextOffset: UInt64, blockSize: UInt64) {
    self.offset = offset
    self.size = size
    self.nextOffset = nextOffset
    internalBlockSize =
      (blockSize + BttLayout.blockAlignment - 1) / BttLayout.blockAlignment * BttLayout.blockAlignment
    let page = BttLayout.page
    let logSize = Self.pages(BttLayout.freeBlocks * BttLayout.logGroup)
    // Two pages are the info block and its copy.
    let available = size / page * page - 2 * page - logSize
    internalBlocks = (available - page) / (internalBlockSize + BttLayout.mapEntry)
    externalBlocks = internalBlocks - BttLayout.freeBlocks
    let mapSize = Self.pages(externalBlocks * BttLayout.mapEntry)
    dataOffset = page
    mapOffset = dataOffset + available - mapSize
    logOffset = mapOffset + mapSize
    info2Offset = logOffset + logSize
  }

  private static func pages(_ bytes: UInt64) -> UInt64 {
    (bytes + BttLayout.page - 1) / BttLayout.page * BttLayout.page
  }
}
