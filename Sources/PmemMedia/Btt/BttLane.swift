/// One lane of a BTT's log, read without trusting it.
struct BttLane {
  /// The later of its two entries; nil if the lane is damaged.
  let current: BttLog.Entry?
  /// The block that the lane may write to next; nil if the lane is damaged.
  let spare: UInt32?

  private static let flags: UInt32 = 3 << 30

  /// - Parameters:
  ///   - entries: The two that are in use.
  ///   - info: Of the arena.
  init(_ entries: (BttLog.Entry, BttLog.Entry), info: BttInfoBlock) {
    guard let current = Self.later(entries), current.number < info.externalBlocks,
      current.oldMap & ~Self.flags < info.internalBlocks, current.newMap & ~Self.flags < info.internalBlocks
    else {
      (self.current, spare) = (nil, nil)
      return
    }
    self.current = current
    spare = current.oldMap & ~Self.flags
  }

  /// As btt.c:btt_log_get_old decides, which fails for every other pair of sequence numbers.
  private static func later(_ entries: (BttLog.Entry, BttLog.Entry)) -> BttLog.Entry? {
    let (first, second) = (entries.0.sequence, entries.1.sequence)
    guard first <= 3, second <= 3, first != second, first != 0 else { return nil }
    if second == 0 { return first == 1 ? entries.0 : nil }
    return first % 3 + 1 == second ? entries.1 : entries.0
  }

  /// The last change of the map that the lane logged; nil if it logged none.
  var change: (number: UInt32, old: UInt32, new: UInt32)? {
    guard let current, (current.oldMap ^ current.newMap) & ~Self.flags != 0 else { return nil }
    return (current.number, current.oldMap & ~Self.flags, current.newMap & ~Self.flags)
  }
}
