public import PmemDevice

/// The content of a BTT, as its block device shows it, read from the media below: sectors in the order of their
/// numbers.
public final class BttReader: ByteSource {
  /// The fields of an info block that the driver reads by; it checks none of them (btt.c:parse_arena_meta).
  private struct Arena {
    /// Number of the first external block.
    let first: UInt64
    let data: UInt64
    let map: UInt64
    let blockSize: UInt64
  }

  private let raw: any ByteSource
  private let arenas: [Arena]
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
    var arenas: [Arena] = []
    var count: UInt64 = 0
    var offset = version.initialOffset
    var externalSize: UInt32?
    while true {
      let info = try Self.info(raw, at: offset)
      arenas.append(
        Arena(
          first: count, data: offset &+ info.u64(88), map: offset &+ info.u64(96),
          blockSize: UInt64(info.u32(64))))
      externalSize = externalSize ?? info.u32(56)
      count += UInt64(info.u32(60))
      let next = info.u64(80)
      guard next != 0 else { break }
      guard next < raw.size, offset + next < raw.size else {
        throw DeviceError(.corrupt, "the arena at offset \(offset) leads beyond the end of the namespace")
      }
      offset += next
    }
    self.arenas = arenas
    sector = BttLayout.sectorSize(of: UInt64(externalSize ?? 512))
    size = count * sector
  }

  /// The fields of an info block whose version the driver does not look at (btt_devs.c:nd_btt_arena_is_valid).
  private static func info(_ raw: any ByteSource, at offset: UInt64) throws(DeviceError) -> ByteFields {
    let fields = ByteFields(try raw.read(at: offset, count: BttInfoBlock.size))
    let (stored, computed) = (
      fields.u64(BttInfoBlock.checksumOffset), fields.checksum(excluding: BttInfoBlock.checksumOffset)
    )
    guard fields.slice(0, 16) == BttInfoBlock.signature, stored == computed else {
      throw DeviceError(.corrupt, "the BTT info block at offset \(offset) is damaged")
    }
    return fields
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
    guard let arena = arenas.last(where: { $0.first <= number }) else { return [] }
    let own = UInt32(number - arena.first)
    let entry = BttMapEntry(raw: ByteFields(try read(arena.map &+ 4 * UInt64(own), 4, number)).u32(0))
    switch entry {
    case .zero: return [UInt8](repeating: 0, count: Int(sector))
    case .failed: throw DeviceError(.failed, "sector \(number) is marked as failed", errno: 5)
    case .initial, .normal:
      let block = UInt64(entry.block(of: own))
      return try read(arena.data &+ block &* arena.blockSize, Int(sector), number)
    }
  }

  /// Reads below the mode, for a sector (claim.c:nsio_rw_bytes).
  private func read(_ position: UInt64, _ count: Int, _ number: UInt64) throws(DeviceError) -> [UInt8] {
    guard position <= raw.size, UInt64(count) <= raw.size - position else {
      throw DeviceError(
        .corrupt, "the map of sector \(number) is damaged: it leads beyond the end of the namespace",
        errno: 5)
    }
    return try raw.read(at: position, count: count)
  }
}
