/// A root decoder: a window of physical addresses that the platform gives to CXL (ACPI's CFMWS), `decoderP.N` below a root.
public struct CxlWindow: Hashable, Sendable {
  /// Kernel name.
  public var dev: String
  /// Its root, `rootN`.
  public var root: String
  /// Physical address; nil if it may not be read: it is root's alone.
  public var start: UInt64?
  /// Bytes; nil if unknown.
  public var size: ByteCount?
  /// How many host bridges are interleaved; nil if unknown.
  public var ways: Int?
  /// Bytes; nil if unknown.
  public var granularity: UInt64?
  /// Numbers of the host bridges' downstream ports, in the order of the interleave.
  public var targets: [Int]
  /// The kinds of memory that it can have.
  public var kinds: [CxlMemoryKind]
  /// The name of the region that would be created in it next; nil if unknown.
  public var nextRegion: String?
  /// In the order of their addresses, as far as these are known, then by number.
  public var regions: [CxlRegion]

  public init(
    dev: String, root: String, start: UInt64? = nil, size: ByteCount? = nil, ways: Int? = nil,
    granularity: UInt64? = nil, targets: [Int] = [], kinds: [CxlMemoryKind] = [], nextRegion: String? = nil,
    regions: [CxlRegion] = []
  ) {
    self.dev = dev
    self.root = root
    self.start = start
    self.size = size
    self.ways = ways
    self.granularity = granularity
    self.targets = targets
    self.kinds = kinds
    self.nextRegion = nextRegion
    self.regions = regions
  }

  /// A part of a window, in order.
  public enum Piece: Hashable, Sendable {
    case region(CxlRegion)
    /// Bytes that no region has.
    case free(UInt64)
  }

  /// All of it in the order of addresses; without addresses, regions in the order of their numbers and what is free last.
  /// Regions whose size is unknown or 0 take nothing. nil if the window's size is unknown, or if the regions do not fit.
  public var pieces: [Piece]? {
    guard let size = size?.rawValue, size > 0 else { return nil }
    let placed = regions.filter { $0.length > 0 }
    return inOrder(placed, size) ?? atFront(placed, size)
  }

  private func inOrder(_ regions: [CxlRegion], _ size: UInt64) -> [Piece]? {
    guard let start else { return nil }
    var pieces: [Piece] = []
    var cursor: UInt64 = 0
    for region in regions {
      guard let address = region.resource, address >= start else { return nil }
      let offset = address - start
      guard offset >= cursor, offset <= size, region.length <= size - offset else { return nil }
      if offset > cursor { pieces.append(.free(offset - cursor)) }
      pieces.append(.region(region))
      cursor = offset + region.length
    }
    return pieces + (cursor < size ? [.free(size - cursor)] : [])
  }

  private func atFront(_ regions: [CxlRegion], _ size: UInt64) -> [Piece]? {
    var rest = size
    for region in regions {
      guard region.length <= rest else { return nil }
      rest -= region.length
    }
    return regions.map(Piece.region) + (rest > 0 ? [.free(rest)] : [])
  }

  /// Bytes that no region has; nil if unknown.
  public var freeSize: ByteCount? { pieces.map { ByteCount(Self.free($0).reduce(0, +)) } }

  /// Bytes of the largest piece that no region has; nil unless addresses are known.
  public var largestFreePiece: ByteCount? {
    guard let size = size?.rawValue, let pieces = inOrder(regions.filter { $0.length > 0 }, size) else {
      return nil
    }
    return ByteCount(Self.free(pieces).max() ?? 0)
  }

  private static func free(_ pieces: [Piece]) -> [UInt64] {
    pieces.compactMap { piece in
      guard case .free(let length) = piece else { return nil }
      return length
    }
  }
}
