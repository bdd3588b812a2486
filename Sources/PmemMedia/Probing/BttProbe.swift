public import PmemDevice

/// A BTT as the kernel's driver attaches it (btt.c:discover_arenas). Its checks differ from those of ``BttCheck``: it
/// trusts most numbers, and stops at the first that it cannot work with.
public struct BttProbe: Hashable, Sendable {
  /// Why the driver does not bind. User space gets ENXIO, whatever the cause.
  public struct Refusal: Error, Hashable, Sendable {
    /// As the kernel logs it.
    public let errno: Int32
    public let text: String
  }

  /// Bytes that the driver writes while it attaches.
  public struct Write: Hashable, Sendable {
    /// From the namespace's start, bytes.
    public let offset: UInt64
    /// The content of the field.
    public let bytes: [UInt8]
  }

  /// Sectors of the block device; nil: there is no arena, the driver makes new ones.
  public let sectors: UInt64?
  public let writes: [Write]

  /// Attaches.
  ///
  /// - Parameters:
  ///   - raw: The namespace below its mode.
  ///   - version: Decides the offset of the first arena.
  ///   - parent: The UUID of the label; null without one.
  ///   - isBounded: As `KernelRules.boundsMediaNumbers`.
  /// - Throws: ``Refusal`` if the driver would not bind.
  public init(
    _ raw: any ByteSource, version: BttLayout.Version, parent: DeviceUUID, isBounded: Bool = true
  ) throws(Refusal) {
    guard raw.size >= BttLayout.minimumSize(version) else {
      throw Refusal(errno: 6, text: "the namespace is smaller than \(BttLayout.minimumSize(version)) bytes")
    }
    var attachment = BttAttachment(raw, parent: parent, start: version.initialOffset, isBounded: isBounded)
    sectors = try attachment.discover()
    writes = attachment.writes
  }
}

/// The driver at work on one namespace.
private struct BttAttachment {
  typealias Refusal = BttProbe.Refusal

  private(set) var writes: [BttProbe.Write] = []

  /// `num_lanes` of a region of persistent memory (region_devs.c:nvdimm_pmem_region_create, ND_MAX_LANES).
  private static let lanes: UInt32 = 256
  /// The largest free list that kcalloc can allocate (KMALLOC_MAX_SIZE, eight bytes an entry).
  private static let mostFree: UInt32 = 1 << 19

  private let raw: any ByteSource
  private let parent: DeviceUUID
  private let start: UInt64
  private let isBounded: Bool

  init(_ raw: any ByteSource, parent: DeviceUUID, start: UInt64, isBounded: Bool) {
    self.raw = raw
    self.isBounded = isBounded
    self.parent = parent
    self.start = start
  }

  /// The number of sectors of all arenas; nil if there is none.
  mutating func discover() throws(Refusal) -> UInt64? {
    var remaining = raw.size - start
    var offset: UInt64 = 0
    var count: UInt64 = 0
    var seen: Set<UInt64> = []
    while remaining != 0 {
      guard seen.insert(offset).inserted else {
        throw Refusal(errno: 22, text: "the arenas lead back to offset \(offset): the kernel would not stop")
      }
      let fields = ByteFields(try read(offset, BttInfoBlock.size))
      guard isValid(fields) else {
        if remaining == raw.size - start { return nil }
        throw Refusal(errno: 19, text: "found corrupted metadata: no info block of the arena at \(offset)")
      }
      let arena = Arena(fields, offset)
      try attach(arena)
      count += UInt64(arena.externalBlocks)
      remaining = remaining &- arena.size
      offset = offset &+ arena.size
      if arena.isLast { break }
    }
    return count
  }

  /// The fields that parse_arena_meta takes from an info block.
  private struct Arena {
    let offset: UInt64
    let externalBlocks: UInt32
    let blockSize: UInt32
    let externalSize: UInt32
    let free: UInt32
    let size: UInt64
    let isLast: Bool
    let data: UInt64
    let map: UInt64
    let log: UInt64

    init(_ fields: ByteFields, _ offset: UInt64) {
      self.offset = offset
      externalSize = fields.u32(56)
      externalBlocks = fields.u32(60)
      blockSize = fields.u32(64)
      free = fields.u32(72)
      let next = fields.u64(80)
      isLast = next == 0
      size = next > 0 ? next : fields.u64(112) &+ UInt64(BttInfoBlock.size)
      data = offset &+ fields.u64(88)
      map = offset &+ fields.u64(96)
      log = offset &+ fields.u64(104)
    }
  }

  /// From the first arena's start, as claim.c:nsio_rw_bytes reads.
  private func read(_ offset: UInt64, _ count: Int) throws(Refusal) -> [UInt8] {
    let position = start &+ offset
    guard position <= raw.size, UInt64(count) <= raw.size - position else {
      throw Refusal(errno: 14, text: "\(count) bytes at \(position) are beyond the end of the namespace")
    }
    do throws(DeviceError) { return try raw.read(at: position, count: count) } catch {
      throw Refusal(errno: 5, text: "\(count) bytes at \(position) cannot be read: \(error.summary)")
    }
  }

  /// btt_devs.c:nd_btt_arena_is_valid, which does not look at the version.
  private func isValid(_ fields: ByteFields) -> Bool {
    guard fields.slice(0, 16) == BttInfoBlock.signature else { return false }
    let named = DeviceUUID(bytes: fields.slice(32, 16)) ?? .null
    guard named.isNull || named == parent else { return false }
    return fields.checksum(excluding: BttInfoBlock.checksumOffset)
      == fields.u64(BttInfoBlock.checksumOffset)
  }

  private mutating func attach(_ arena: Arena) throws(Refusal) {
    guard arena.free >= Self.lanes || !isBounded else {
      throw Refusal(errno: 19, text: "nfree \(arena.free) is smaller than the lane count \(Self.lanes)")
    }
    guard arena.free <= Self.mostFree else {
      throw Refusal(errno: 12, text: "nfree \(arena.free): no memory for as many")
    }
    let count = Int(arena.free)
    let log = BttLogEntries(try read(arena.log, count * BttLog.laneSize), lanes: count)
    guard let slots = log.slots else {
      throw Refusal(errno: 6, text: "unable to deduce the log's padding in the arena at \(arena.offset)")
    }
    for lane in 0..<count { try attach(lane, log, slots, arena) }
  }

  /// btt.c:btt_freelist_init, for one lane.
  private mutating func attach(
    _ lane: Int, _ log: BttLogEntries, _ slots: (Int, Int), _ arena: Arena
  ) throws(Refusal) {
    let (first, second) = (log.entry(lane, slots.0), log.entry(lane, slots.1))
    guard let older = BttLogEntries.older(first.sequence, second.sequence) else {
      throw Refusal(
        errno: 22,
        text: "log corruption (-22): lane \(lane) seq [\(first.sequence), \(second.sequence)]")
    }
    let newer = older == 0 ? second : first
    let (oldBlock, newBlock) = (newer.oldMap & BttMapEntry.blockMask, newer.newMap & BttMapEntry.blockMask)
    if case .failed = BttMapEntry(raw: newer.oldMap) { clear(oldBlock, arena) }
    guard oldBlock != newBlock else { return }
    let position = arena.map &+ 4 * UInt64(newer.number)
    let found = BttMapEntry(raw: ByteFields(try read(position, 4)).u32(0)).block(of: newer.number)
    guard newBlock != found, oldBlock == found else { return }
    var entry = ByteFields(count: 4)
    entry.set(BttMapEntry.normal(block: newBlock).raw, at: 0, width: 4)
    writes.append(BttProbe.Write(offset: start &+ position, bytes: entry.bytes))
  }

  /// btt.c:arena_clear_freelist_error: if it fails, it is only logged.
  private mutating func clear(_ block: UInt32, _ arena: Arena) {
    let position = start &+ arena.data &+ UInt64(block) &* UInt64(arena.blockSize)
    let count = BttLayout.sectorSize(of: UInt64(arena.externalSize))
    guard position <= raw.size, count <= raw.size - position else { return }
    writes.append(BttProbe.Write(offset: position, bytes: [UInt8](repeating: 0, count: Int(count))))
  }
}
