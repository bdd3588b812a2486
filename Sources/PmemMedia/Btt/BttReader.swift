public import PmemDevice

/// The content of a BTT, as its block device shows it, read from the media below: sectors in the order of their
/// numbers.
public final class BttReader: ByteSource {
  private let raw: any ByteSource
  /// Number of the first external block of each arena.
  private let arenas: [(first: UInt64, arena: BttArena)]
  private let sector: UInt64
  /// Bytes of all sectors together.
  public let size: UInt64

  /// Finds the arenas.
  ///
  /// - Parameters:
  ///   - raw: The namespace below its mode.
  ///   - version: The format, which decides the offset of the first arena.
  /// - Throws: `DeviceError.Code.corrupt` if an info block is damaged.
  public init(_ raw: any ByteSource, version: BttLayout.Version) throws(DeviceError) {
    self.raw = raw
    var arenas: [(first: UInt64, arena: BttArena)] = []
    var count: UInt64 = 0
    var next: UInt64? = version.initialOffset
    while let offset = next {
      let arena = try Self.arena(raw, at: offset)
      arenas.append((count, arena))
      count += UInt64(arena.info.externalBlocks)
      next = arena.next
    }
    self.arenas = arenas
    sector = BttLayout.sectorSize(of: UInt64(arenas.first?.arena.info.externalBlockSize ?? 512))
    size = count * sector
  }

  private static func arena(_ raw: any ByteSource, at offset: UInt64) throws(DeviceError) -> BttArena {
    let bytes = try raw.read(at: offset, count: BttInfoBlock.size)
    do throws(MediaError) {
      return try BttArena(try BttInfoBlock(bytes), at: offset, of: raw.size)
    } catch {
      throw DeviceError(.corrupt, "the BTT info block at offset \(offset) is damaged: \(error)")
    }
  }

  public func read(at offset: UInt64, count: Int) throws(DeviceError) -> [UInt8] {
    try checkFits(count, at: offset)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    var position = offset
    let end = offset + UInt64(count)
    while position < end {
      let within = position % sector
      let part = min(sector - within, end - position)
      let block = try self.block(position / sector)
      bytes += block[Int(within)..<Int(within + part)]
      position += part
    }
    return bytes
  }

  private func block(_ number: UInt64) throws(DeviceError) -> [UInt8] {
    guard let (first, arena) = arenas.last(where: { $0.first <= number }) else { return [] }
    let own = UInt32(number - first)
    let entry = BttMapEntry(raw: ByteFields(try raw.read(at: arena.offset(ofMapEntry: own), count: 4)).u32(0))
    switch entry {
    case .zero: return [UInt8](repeating: 0, count: Int(sector))
    case .failed: throw DeviceError(.failed, "sector \(number) is marked as failed", errno: 5)
    case .initial, .normal:
      let block = entry.block(of: own)
      guard block < arena.info.internalBlocks else {
        throw DeviceError(.corrupt, "the map entry of sector \(number) is damaged")
      }
      return try raw.read(at: arena.offset(ofBlock: block), count: Int(sector))
    }
  }
}
