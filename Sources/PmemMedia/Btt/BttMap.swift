/// An entry of a BTT's map: the block's number on the media, and its flags (UEFI "BTT Map Entry";
/// drivers/nvdimm/btt.h).
public enum BttMapEntry: Hashable, Sendable {
  /// Never written since the table was made: the block of the same number.
  case initial
  /// Reads as zeros; the block is kept for the next write.
  case zero(block: UInt32)
  /// Reading fails.
  case failed(block: UInt32)
  case normal(block: UInt32)

  private static let zeroBit: UInt32 = 1 << 31
  private static let errorBit: UInt32 = 1 << 30
  /// The block number's part of an entry.
  static let blockMask: UInt32 = ~(zeroBit | errorBit)

  /// Any 32 bits are an entry.
  public init(raw: UInt32) {
    let block = raw & Self.blockMask
    self =
      switch (raw & Self.zeroBit != 0, raw & Self.errorBit != 0) {
      case (false, false): .initial
      case (true, false): .zero(block: block)
      case (false, true): .failed(block: block)
      case (true, true): .normal(block: block)
      }
  }

  /// As it is on the media: two flags and 30 bits of a block's number (UEFI "BTT Map Entry").
  public var raw: UInt32 {
    switch self {
    case .initial: 0
    case .zero(let block): Self.zeroBit | block
    case .failed(let block): Self.errorBit | block
    case .normal(let block): Self.zeroBit | Self.errorBit | block
    }
  }

  /// The internal block of external block `number` (btt.c:btt_map_read).
  public func block(of number: UInt32) -> UInt32 {
    switch self {
    case .initial: number
    case .zero(let block), .failed(let block), .normal(let block): block
    }
  }
}
