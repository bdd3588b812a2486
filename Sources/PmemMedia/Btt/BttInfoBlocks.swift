import PmemDevice

/// The info blocks of a BTT, found even if some are damaged: the start and end of arenas follow from the size of the
/// namespace alone.
struct BttInfoBlocks {
  struct Arena {
    let arena: BttArena
    /// The errors of the info block, and of its copy; nil if it is valid.
    let first: MediaError?
    let second: MediaError?
  }

  let version: BttLayout.Version
  let arenas: [Arena]

  /// - Throws: The error of reading.
  static func find(_ raw: any ByteSource, parent: DeviceUUID) throws(DeviceError) -> BttInfoBlocks? {
    for version in [BttLayout.Version.v2, .v1] {
      // The offsets of arenas do not depend on the block size.
      guard let extents = BttLayout(size: raw.size, blockSize: 4096, version: version) else { continue }
      var read: [(first: Copy, second: Copy)] = []
      for arena in extents.arenas {
        read.append(
          (
            try Copy(raw, at: arena.offset, of: arena.offset, version, parent),
            try Copy(raw, at: arena.offset + arena.info2Offset, of: arena.offset, version, parent)
          ))
      }
      guard let model = read.lazy.flatMap({ [$0.first.block, $0.second.block] }).compactMap({ $0 }).first,
        let layout = BttLayout(size: raw.size, blockSize: UInt64(model.externalBlockSize), version: version)
      else { continue }
      let arenas = zip(layout.arenas, read).compactMap { extent, copies in
        arena(extent, copies, model: model, layout: layout, size: raw.size)
      }
      return BttInfoBlocks(version: version, arenas: arenas)
    }
    return nil
  }

  /// The info blocks of a BTT of which none is left: they follow from the size of the namespace and the block size, and the
  /// log and the map prove which that was. Every sector must have a block of its own, and every lane a spare one.
  ///
  /// - Parameters:
  ///   - raw: The namespace below its mode.
  ///   - parent: The UUID of its label.
  ///   - version: The format, from the label.
  /// - Returns: With a new UUID; nil if no block size fits, or more than one.
  /// - Throws: The error of reading.
  static func computed(
    _ raw: any ByteSource, parent: DeviceUUID, version: BttLayout.Version
  ) throws(DeviceError) -> BttInfoBlocks? {
    var fitting: [BttInfoBlocks] = []
    for blockSize in RegionCapabilities.standard.sectorSizes {
      guard let layout = BttLayout(size: raw.size, blockSize: blockSize, version: version) else { continue }
      var fits = true
      for arena in layout.arenas where fits { fits = try isInitial(raw, arena) }
      guard fits else { continue }
      let uuid = DeviceUUID.random()
      let arenas = layout.arenas.compactMap { extent -> Arena? in
        let block = BttInfoBlock(uuid: uuid, parentUUID: parent, arena: extent, layout: layout)
        guard let arena = try? BttArena(block, at: extent.offset, of: raw.size) else { return nil }
        return Arena(arena: arena, first: .signature, second: .signature)
      }
      guard arenas.count == layout.arenas.count else { continue }
      let found = BttInfoBlocks(version: version, arenas: arenas)
      if try BttCheck(raw, found).isConsistent { fitting.append(found) }
    }
    return fitting.count == 1 ? fitting[0] : nil
  }

  /// Whether the log of an arena can be of a block size: a lane that was never used has the first block behind the external
  /// ones, and its number (btt.c:btt_log_init).
  private static func isInitial(_ raw: any ByteSource, _ arena: BttLayout.Arena) throws(DeviceError) -> Bool {
    let lanes = Int(BttLayout.freeBlocks)
    let bytes = try raw.read(at: arena.offset + arena.logOffset, count: lanes * BttLog.laneSize)
    let log = BttLogEntries(bytes, lanes: lanes)
    guard log.slots != nil else { return false }
    return (0..<lanes).allSatisfy { lane in
      let first = log.entry(lane, 0)
      let isUntouched = (1..<4).allSatisfy { log.entry(lane, $0) == .padding } && first.sequence == 1
      return !isUntouched || UInt64(first.oldMap) == arena.externalBlocks + UInt64(lane)
    }
  }

  private static func arena(
    _ extent: BttLayout.Arena, _ copies: (first: Copy, second: Copy), model: BttInfoBlock, layout: BttLayout,
    size: UInt64
  ) -> Arena? {
    // Both lost: their content follows from the others.
    let rebuilt = BttInfoBlock(uuid: model.uuid, parentUUID: model.parentUUID, arena: extent, layout: layout)
    let block = copies.first.block ?? copies.second.block ?? rebuilt
    guard let arena = try? BttArena(block, at: extent.offset, of: size) else { return nil }
    let differs = copies.second.block.map { $0 != block } ?? false
    return Arena(
      arena: arena, first: copies.first.error,
      second: differs ? .field("copy", 0) : copies.second.error)
  }

  /// One of the two.
  private struct Copy {
    let block: BttInfoBlock?
    let error: MediaError?

    init(
      _ raw: any ByteSource, at offset: UInt64, of arena: UInt64, _ version: BttLayout.Version,
      _ parent: DeviceUUID
    ) throws(DeviceError) {
      let bytes = try raw.read(at: offset, count: BttInfoBlock.size)
      do throws(MediaError) {
        let block = try BttInfoBlock(bytes)
        guard block.version == version else { throw .version(major: block.version == .v1 ? 1 : 2, minor: 0) }
        guard block.parentUUID.isNull || block.parentUUID == parent else { throw .field("parent_uuid", 0) }
        _ = try BttArena(block, at: arena, of: raw.size)
        (self.block, error) = (block, nil)
      } catch {
        (block, self.error) = (nil, error)
      }
    }
  }
}
