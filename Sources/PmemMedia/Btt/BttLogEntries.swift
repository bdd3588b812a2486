/// The log of a BTT arena as it is on the media, without trusting it; see ``BttLog`` for its form.
struct BttLogEntries {
  private let fields: ByteFields
  private let lanes: Int

  init(_ bytes: [UInt8], lanes: Int) {
    fields = ByteFields(bytes)
    self.lanes = lanes
  }

  /// One of the four entries of a lane.
  func entry(_ lane: Int, _ slot: Int) -> BttLog.Entry {
    let offset = lane * BttLog.laneSize + slot * 16
    return BttLog.Entry(
      number: fields.u32(offset), oldMap: fields.u32(offset + 4), newMap: fields.u32(offset + 8),
      sequence: fields.u32(offset + 12))
  }

  func bytes(_ lane: Int) -> ArraySlice<UInt8> {
    fields.bytes[lane * BttLog.laneSize..<(lane + 1) * BttLog.laneSize]
  }

  /// Whether a lane has its first entry only, and that is no change of the map.
  func isFresh(_ lane: Int) -> Bool {
    let first = entry(lane, 0)
    return first.oldMap == first.newMap && (1..<4).allSatisfy { entry(lane, $0) == .padding }
  }

  /// Which two of the four entries are in use, as btt.c:log_set_indices deduces it; nil if it fails. It takes the first
  /// two that it finds in any lanes, and holds all lanes behind to them.
  var slots: (Int, Int)? {
    var found: [Int] = []
    var isInitial = true
    for lane in 0..<lanes {
      var padding = 0
      for slot in 0..<4 {
        let isPadding = entry(lane, slot) == .padding
        if found.count < 2 {
          if isPadding { padding += 1 } else if found.first != slot { found.append(slot) }
        } else if slot == found[0] {
          if isPadding { return nil }
        } else if slot != found[1], !isPadding {
          return nil
        }
      }
      if padding < 3 { isInitial = false }
    }
    guard isInitial || found.count == 2 else { return nil }
    guard let first = found.first else { return nil }
    let second = isInitial ? 1 : found[1]
    return first == 0 && (second == 1 || second == 2) ? (first, second) : nil
  }

  /// Which of two entries is the older by their sequence numbers (btt.c:btt_log_get_old); nil if there is no order.
  static func older(_ first: UInt32, _ second: UInt32) -> Int? {
    if first == 0 { return 0 }
    guard first != second, first &+ second <= 5 else { return nil }
    if first < second { return second - first == 1 ? 0 : 1 }
    return first - second == 1 ? 1 : 0
  }
}
