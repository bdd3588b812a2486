public import PmemDevice

/// An examination of a BTT: whether every sector has a block of its own, and every lane a spare one, and what it takes
/// to make it so (UEFI specification, "BTT Theory of Operation"). Reads only.
public struct BttCheck {
  /// Something that is not as it should be.
  public struct Finding: Hashable, Sendable {
    /// Whether data are lost, or the kernel does not take the arena; else the kernel makes it good by itself.
    public let isSerious: Bool
    public let text: String
    /// The repair; nil if there is none.
    public let repair: String?
    /// Where it was found.
    public let part: Part
  }

  /// A part of a BTT; arenas count from 0.
  public enum Part: Hashable, Sendable {
    /// At this offset of the namespace, bytes.
    case infoBlock(offset: UInt64)
    /// The second one, at the end of an arena.
    case infoBlockCopy(arena: Int)
    /// The log or the map.
    case contents(arena: Int)

    var isInfoBlock: Bool { if case .contents = self { false } else { true } }
  }

  /// A write that repairs something.
  public struct Repair: Hashable, Sendable {
    /// From the namespace's start, bytes.
    public let offset: UInt64
    /// The content to write.
    public let bytes: [UInt8]
    public let text: String
  }

  public private(set) var findings: [Finding] = []
  /// In the order in which they are to be written.
  public private(set) var repairs: [Repair] = []
  public private(set) var arenas: [BttArena] = []
  /// Findings of a kind beyond those that are listed, which are counted only.
  public private(set) var omittedCount = 0
  public let version: BttLayout.Version

  /// Up to this many bad entries of an arena are reported one by one.
  private static let most = 20
  private static let chunk = 1 << 20

  /// The arena whose log and map are examined.
  private var examined = 0
  private let raw: any ByteSource
  private let rewritesLog: Bool
  private let progress: (UInt64, UInt64) throws(DeviceError) -> Void

  /// Examines a namespace.
  ///
  /// - Parameters:
  ///   - raw: The namespace below its mode.
  ///   - label: The UUID of its label; nil for a label-less one.
  ///   - claimClass: Of its label. If that is BTT and all info blocks are lost, they are rebuilt from the rest.
  ///   - rewritesLog: Whether the repairs rewrite every lane of the log as that of a fresh arena, with the spare block that it
  ///     has: in the format of UEFI, whichever it had.
  ///   - progress: Gets how many map entries are read, of how many; what it throws ends the examination.
  /// - Throws: `DeviceError.Code.notFound` if no info block of a BTT is left, and the errors of reading.
  public init(
    _ raw: any ByteSource, label: DeviceUUID?, claimClass: ClaimClass? = ClaimClass.none,
    rewritesLog: Bool = false,
    progress: @escaping (UInt64, UInt64) throws(DeviceError) -> Void = { _, _ in }
  ) throws(DeviceError) {
    var found = try BttInfoBlocks.find(raw, parent: label ?? .null)
    if found == nil, let label, claimClass == .btt || claimClass == .btt2 {
      found = try BttInfoBlocks.computed(
        raw, parent: label, version: claimClass == .btt2 ? .v2 : .v1)
    }
    guard let found else {
      throw DeviceError(
        .notFound, "no info block of a BTT is left: it is not in sector mode, or beyond repair",
        details: ["the beginning and the end of every arena were searched"])
    }
    try self.init(raw, found, rewritesLog: rewritesLog, progress: progress)
  }

  /// Whether the label of a namespace shows that a BTT is left of which the first info block is lost.
  ///
  /// - Parameters:
  ///   - raw: The namespace below its mode.
  ///   - label: The UUID of its label: a block that names no label, or another, may be of any age.
  /// - Returns: False also if all info blocks are lost.
  /// - Throws: The error of reading.
  public static func hasRemains(_ raw: any ByteSource, label: DeviceUUID?) throws(DeviceError) -> Bool {
    guard let label, !label.isNull, let found = try BttInfoBlocks.find(raw, parent: label) else {
      return false
    }
    return found.arenas.contains { $0.arena.info.parentUUID == label }
  }

  /// Whether nothing is wrong beside info blocks.
  var isConsistent: Bool {
    !findings.contains { $0.isSerious && !$0.part.isInfoBlock }
  }

  init(
    _ raw: any ByteSource, _ found: BttInfoBlocks, rewritesLog: Bool = false,
    progress: @escaping (UInt64, UInt64) throws(DeviceError) -> Void = { _, _ in }
  ) throws(DeviceError) {
    self.raw = raw
    self.rewritesLog = rewritesLog
    self.progress = progress
    version = found.version
    for arena in found.arenas { examine(info: arena) }
    let total = arenas.reduce(0) { $0 + UInt64($1.info.externalBlocks) }
    var done: UInt64 = 0
    for (number, arena) in arenas.enumerated() {
      examined = number
      try examine(arena, done: done, total: total)
      done += UInt64(arena.info.externalBlocks)
    }
  }

  // MARK: Info blocks

  private mutating func examine(info found: BttInfoBlocks.Arena) {
    let arena = found.arena
    arenas.append(arena)
    let problems = [
      ("info block", arena.offset, found.first),
      ("copy of the info block", arena.offset + arena.info.info2Offset, found.second),
    ]
    let number = arenas.count - 1
    for (what, offset, problem) in problems {
      guard let problem else { continue }
      findings.append(
        Finding(
          isSerious: true, text: "arena at \(arena.offset): the \(what) is damaged: \(problem)",
          repair: "rewrite it",
          part: offset == arena.offset ? .infoBlock(offset: offset) : .infoBlockCopy(arena: number)))
      repairs.append(
        Repair(
          offset: offset, bytes: arena.info.encoded, text: "write the \(what) of the arena at \(arena.offset)"
        ))
    }
  }

  private mutating func find(_ isSerious: Bool, _ text: String, repair: String?) {
    findings.append(
      Finding(isSerious: isSerious, text: text, repair: repair, part: .contents(arena: examined)))
  }

  // MARK: Log and map

  private mutating func examine(_ arena: BttArena, done: UInt64, total: UInt64) throws(DeviceError) {
    let count = Int(arena.info.freeBlocks)
    let log = BttLogEntries(
      try raw.read(at: arena.log.offset, count: Int(arena.log.length)), lanes: count)
    let slots = Self.slots(log, count)
    let lanes = (0..<count).map { lane in
      BttLane((log.entry(lane, slots.0), log.entry(lane, slots.1)), info: arena.info)
    }
    var owners = BlockSet(count: arena.info.internalBlocks)
    let bad = try mark(arena, lanes, &owners, done: done, total: total)
    if slots != (0, 1) {
      find(
        false,
        "arena at \(arena.offset): its log has the format of kernels before 4.15, which other systems do not read",
        repair: rewritesLog ? "rewrite it" : nil)
    }
    var orphans: [Int] = []
    for (index, lane) in lanes.enumerated() {
      if let spare = lane.spare, owners.insert(spare) { continue }
      orphans.append(index)
      let reason =
        lane.spare.map { "its spare block \($0) is in use" } ?? "no entry of it is valid"
      find(
        true, "arena at \(arena.offset): lane \(index) of the log is damaged: \(reason)",
        repair: "assign a free block to it")
    }
    var free = owners.missing
    if rewritesLog { rewrite(log, of: arena, lanes) }
    if !orphans.isEmpty { repair(lanes: orphans, of: arena, &free) }
    if !bad.isEmpty { repair(map: bad, of: arena, &free) }
    for block in free.prefix(Self.most) {
      find(true, "arena at \(arena.offset): block \(block) is neither mapped nor free", repair: nil)
    }
  }

  /// Which two entries are in use, as most lanes have it: 0 and 1, or 0 and 2 as kernels before 4.15 had them.
  private static func slots(_ log: BttLogEntries, _ count: Int) -> (Int, Int) {
    let old = (0..<count).count { log.entry($0, 2) != .padding && log.entry($0, 1) == .padding }
    let new = (0..<count).count { log.entry($0, 1) != .padding && log.entry($0, 2) == .padding }
    return old > new ? (0, 2) : (0, 1)
  }

  /// Marks the block of every sector; gives the sectors that have none of their own.
  private mutating func mark(
    _ arena: BttArena, _ lanes: [BttLane], _ owners: inout BlockSet, done: UInt64, total: UInt64
  ) throws(DeviceError) -> [UInt32] {
    var changes: [UInt32: (old: UInt32, new: UInt32, raw: UInt32)] = [:]
    for lane in lanes {
      if let change = lane.change {
        changes[change.number] = (change.old, change.new, BttMapEntry.normal(block: change.new).raw)
      }
    }
    var bad: [UInt32] = []
    var number: UInt32 = 0
    while number < arena.info.externalBlocks {
      let entries = min(Self.chunk / 4, Int(arena.info.externalBlocks - number))
      let bytes = ByteFields(try raw.read(at: arena.offset(ofMapEntry: number), count: entries * 4))
      for index in 0..<entries {
        let sector = number + UInt32(index)
        var block = BttMapEntry(raw: bytes.u32(index * 4)).block(of: sector)
        // A write whose log entry is on the media, but whose map entry is not (btt.c:btt_freelist_init).
        if let change = changes[sector], change.old == block, change.new != block {
          find(
            false, "arena at \(arena.offset): the last write to sector \(sector) was interrupted",
            repair: "complete it, as the kernel would")
          patch(arena, sector, change.raw, "complete the last write to sector \(sector)")
          block = change.new
        }
        guard block < arena.info.internalBlocks, owners.insert(block) else {
          bad.append(sector)
          tell(bad.count) { check in
            let reason =
              block < arena.info.internalBlocks
              ? "its block \(block) is mapped by another sector too"
              : "it points to block \(block), which does not exist"
            check.find(
              true, "arena at \(arena.offset): the map entry of sector \(sector) is damaged: \(reason)",
              repair: "map it to a free block, and mark it so that reading fails")
          }
          continue
        }
      }
      number += UInt32(entries)
      try progress(done + UInt64(number), total)
    }
    return bad
  }

  private mutating func tell(_ count: Int, _ body: (inout BttCheck) -> Void) {
    guard count <= Self.most else {
      omittedCount += 1
      return
    }
    body(&self)
  }

  // MARK: Repairs

  private mutating func repair(
    lanes: [Int], of arena: BttArena, _ free: inout [UInt32]
  ) {
    for lane in lanes {
      guard !free.isEmpty else { return }
      let block = free.removeFirst()
      repairs.append(
        Repair(
          offset: arena.log.offset + UInt64(lane * BttLog.laneSize),
          bytes: Self.fresh(lane: lane, of: arena, spare: block),
          text: "assign block \(block) to lane \(lane) of the arena at \(arena.offset)"))
    }
  }

  /// Every lane that is sound, with its spare block; an interrupted write of it has been completed before.
  private mutating func rewrite(_ log: BttLogEntries, of arena: BttArena, _ lanes: [BttLane]) {
    var bytes: [UInt8] = []
    var count = 0
    for (index, lane) in lanes.enumerated() {
      guard let spare = lane.spare, !log.isFresh(index) else {
        bytes += log.bytes(index)
        continue
      }
      bytes += Self.fresh(lane: index, of: arena, spare: spare)
      count += 1
    }
    guard count > 0 else { return }
    repairs.append(
      Repair(
        offset: arena.log.offset, bytes: bytes,
        text: "rewrite \(count) of \(lanes.count) lanes of the log of the arena at \(arena.offset)"))
  }

  /// As a lane that was never used (btt.c:btt_log_init).
  private static func fresh(lane: Int, of arena: BttArena, spare: UInt32) -> [UInt8] {
    var fields = ByteFields(count: BttLog.laneSize)
    let number = UInt32(lane) % max(arena.info.externalBlocks, 1)
    for (index, value) in [number, spare, spare, 1].enumerated() {
      fields.set(value, at: index * 4, width: 4)
    }
    return fields.bytes
  }

  private mutating func repair(map sectors: [UInt32], of arena: BttArena, _ free: inout [UInt32]) {
    for sector in sectors {
      guard !free.isEmpty else { return }
      let block = free.removeFirst()
      patch(
        arena, sector, BttMapEntry.failed(block: block).raw,
        "mark sector \(sector) of the arena at \(arena.offset) as failed, with block \(block)")
    }
  }

  private mutating func patch(_ arena: BttArena, _ sector: UInt32, _ raw: UInt32, _ text: String) {
    var fields = ByteFields(count: 4)
    fields.set(raw, at: 0, width: 4)
    repairs.append(Repair(offset: arena.offset(ofMapEntry: sector), bytes: fields.bytes, text: text))
  }
}

/// A set of block numbers.
private struct BlockSet {
  private var words: [UInt64]
  private let count: UInt32

  init(count: UInt32) {
    self.count = count
    words = [UInt64](repeating: 0, count: Int(count) / 64 + 1)
  }

  /// Whether it was not in it.
  mutating func insert(_ block: UInt32) -> Bool {
    let bit: UInt64 = 1 << UInt64(block % 64)
    guard words[Int(block / 64)] & bit == 0 else { return false }
    words[Int(block / 64)] |= bit
    return true
  }

  /// Those that are not in it, in order.
  var missing: [UInt32] {
    var missing: [UInt32] = []
    for (index, word) in words.enumerated() where word != .max {
      for bit in 0..<64 where word & (1 << UInt64(bit)) == 0 {
        let block = UInt64(index * 64 + bit)
        if block < UInt64(count) { missing.append(UInt32(block)) }
      }
    }
    return missing
  }
}
