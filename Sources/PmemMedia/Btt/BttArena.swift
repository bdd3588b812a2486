public import PmemDevice

/// One arena of a BTT on its media, with an info block whose numbers were found to fit.
public struct BttArena: Hashable, Sendable {
  /// From the start of the namespace.
  public let offset: UInt64
  public let info: BttInfoBlock

  /// Takes an info block for the arena at `offset` of a source.
  ///
  /// - Parameters:
  ///   - info: As read.
  ///   - offset: The start of the arena.
  ///   - size: Of the whole namespace.
  /// - Throws: ``MediaError/field(_:_:)`` for the first number that cannot be (btt.c:discover_arenas checks few of them,
  ///   and trusts the rest).
  public init(_ info: BttInfoBlock, at offset: UInt64, of size: UInt64) throws(MediaError) {
    self.offset = offset
    self.info = info
    guard offset <= size else { throw .field("nextoff", offset) }
    let room = size - offset
    guard info.externalBlockSize >= 512, info.externalBlockSize <= 1 << 20 else {
      throw .field("external_lbasize", UInt64(info.externalBlockSize))
    }
    guard info.internalBlockSize >= info.externalBlockSize, info.internalBlockSize <= 1 << 20 else {
      throw .field("internal_lbasize", UInt64(info.internalBlockSize))
    }
    guard info.freeBlocks > 0, info.freeBlocks <= 1 << 16 else {
      throw .field("nfree", UInt64(info.freeBlocks))
    }
    guard UInt64(info.externalBlocks) + UInt64(info.freeBlocks) <= UInt64(info.internalBlocks) else {
      throw .field("external_nlba", UInt64(info.externalBlocks))
    }
    for (name, value) in [
      ("dataoff", info.dataOffset), ("mapoff", info.mapOffset), ("logoff", info.logOffset),
      ("info2off", info.info2Offset),
    ] where value < UInt64(BttInfoBlock.size) || value > room {
      throw .field(name, value)
    }
    let data = UInt64(info.internalBlocks) * UInt64(info.internalBlockSize)
    guard info.dataOffset + data <= info.mapOffset else {
      throw .field("internal_nlba", UInt64(info.internalBlocks))
    }
    guard info.mapOffset + 4 * UInt64(info.externalBlocks) <= info.logOffset else {
      throw .field("mapoff", info.mapOffset)
    }
    guard info.logOffset + UInt64(info.freeBlocks) * UInt64(BttLog.laneSize) <= info.info2Offset else {
      throw .field("logoff", info.logOffset)
    }
    guard info.info2Offset + UInt64(BttInfoBlock.size) <= room else {
      throw .field("info2off", info.info2Offset)
    }
    guard info.nextOffset == 0 || (info.nextOffset > info.info2Offset && info.nextOffset < room) else {
      throw .field("nextoff", info.nextOffset)
    }
  }

  /// The start of the next arena in the namespace; nil for the last.
  public var next: UInt64? { info.nextOffset == 0 ? nil : offset + info.nextOffset }

  /// The offset of internal block `number` in the namespace.
  public func offset(ofBlock number: UInt32) -> UInt64 {
    offset + info.dataOffset + UInt64(number) * UInt64(info.internalBlockSize)
  }

  /// The offset of external block `number`'s map entry in the namespace.
  public func offset(ofMapEntry number: UInt32) -> UInt64 { offset + info.mapOffset + 4 * UInt64(number) }

  /// The offset of the log in the namespace, and its length.
  public var log: Extent {
    Extent(offset: offset + info.logOffset, length: UInt64(info.freeBlocks) * UInt64(BttLog.laneSize))
  }
}
