public import PmemDevice

/// The log of a BTT arena: for each lane the two last changes of the map, so that a cut between the log and the
/// map can be made good (UEFI "BTT Flog"; drivers/nvdimm/btt.c).
public struct BttLog: Hashable, Sendable {
  /// A change: external block `number` moved from one internal block to another.
  public struct Entry: Hashable, Sendable {
    /// Of the sector, from 0 in its arena.
    public var number: UInt32
    /// Raw map entries, flags included.
    public var oldMap: UInt32
    /// The map's entry of the sector when the change is done.
    public var newMap: UInt32
    /// 1, 2, 3, 1, ...; 0: never written.
    public var sequence: UInt32

    public init(number: UInt32, oldMap: UInt32, newMap: UInt32, sequence: UInt32) {
      self.number = number
      self.oldMap = oldMap
      self.newMap = newMap
      self.sequence = sequence
    }

    static let padding = Entry(number: 0, oldMap: 0, newMap: 0, sequence: 0)
  }

  /// The four entries of each lane; two are in use, the others are padding.
  public var lanes: [[Entry]]
  /// Which of the four: 0 and 1, or 0 and 2 as kernels before 4.15 had them.
  public let slots: [Int]

  private static let entrySize = 16
  private static let entries = 4
  /// Bytes of a lane's entries.
  public static let laneSize = entrySize * entries

  /// The log of a fresh arena (btt.c:btt_log_init): lane i has one spare block, the first behind the external
  /// ones.
  public init(fresh arena: BttLayout.Arena) {
    lanes = (0..<UInt32(BttLayout.freeBlocks)).map { lane in
      let spare = UInt32(arena.externalBlocks) + lane
      let first = Entry(number: lane, oldMap: spare, newMap: spare, sequence: 1)
      return [first, .padding, .padding, .padding]
    }
    slots = [0, 1]
  }

  /// Reads the log of `count` lanes.
  ///
  /// - Throws: ``MediaError/field(_:_:)`` if the entries in use are not in the same two slots in every lane
  ///   (btt.c:log_set_indices).
  public init(_ bytes: [UInt8], lanes count: Int) throws(MediaError) {
    guard count >= 0, count <= bytes.count / Self.laneSize else {
      throw .truncated(need: max(0, count) * Self.laneSize, have: bytes.count)
    }
    let fields = ByteFields(bytes)
    lanes = (0..<count).map { lane in
      (0..<Self.entries).map { entry in
        let offset = lane * Self.laneSize + entry * Self.entrySize
        return Entry(
          number: fields.u32(offset), oldMap: fields.u32(offset + 4), newMap: fields.u32(offset + 8),
          sequence: fields.u32(offset + 12))
      }
    }
    slots = try Self.slots(lanes)
  }

  private static func slots(_ lanes: [[Entry]]) throws(MediaError) -> [Int] {
    let used = lanes.map { lane in lane.indices.filter { lane[$0] != .padding } }
    // A lane that was never used has its first entry only.
    let second = Set(used.flatMap { $0.filter { $0 != 0 } })
    guard second.count <= 1, second.isSubset(of: [1, 2]) else {
      throw .field("log padding", UInt64(second.max() ?? 0))
    }
    guard used.allSatisfy({ $0.first == 0 }) else { throw .field("log entry 0", 0) }
    return [0, second.first ?? 1]
  }

  /// As it is on the media, 64 bytes for a lane.
  public var encoded: [UInt8] {
    var fields = ByteFields(count: lanes.count * Self.laneSize)
    for (lane, entries) in lanes.enumerated() {
      for (index, entry) in entries.enumerated() {
        let offset = lane * Self.laneSize + index * Self.entrySize
        fields.set(entry.number, at: offset, width: 4)
        fields.set(entry.oldMap, at: offset + 4, width: 4)
        fields.set(entry.newMap, at: offset + 8, width: 4)
        fields.set(entry.sequence, at: offset + 12, width: 4)
      }
    }
    return fields.bytes
  }

  /// The later of a lane's two entries (btt.c:btt_log_get_old finds the older).
  ///
  /// - Throws: ``MediaError/field(_:_:)`` if the sequence numbers are not consecutive.
  public func current(lane: Int) throws(MediaError) -> Entry {
    let first = lanes[lane][slots[0]]
    let second = lanes[lane][slots[1]]
    guard first.sequence != 0 else { throw .field("log sequence", 0) }
    guard first.sequence != second.sequence, first.sequence <= 3, second.sequence <= 3 else {
      throw .field("log sequence", UInt64(second.sequence))
    }
    if second.sequence == 0 { return first }
    return first.sequence % 3 + 1 == second.sequence ? second : first
  }
}
