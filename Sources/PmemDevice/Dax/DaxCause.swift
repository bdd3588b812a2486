/// Why there is no DAX, or why one must be careful with it.
public struct DaxCause: Hashable, Sendable {
  /// Stable words, for scripts.
  public enum Kind: String, CaseIterable, Hashable, Sendable {
    case disabled
    case rawMode = "raw-mode"
    case sectorMode = "sector-mode"
    case noDriver = "no-driver"
    case systemRAM = "system-ram"
    case blockDevice = "block-device"
    case noQueueDAX = "no-queue-dax"
    case misalignedPartition = "misaligned-partition"
    case stackWithoutDAX = "stack-without-dax"
    case misalignedStack = "misaligned-stack"
    case blockSize = "block-size"
    case filesystemType = "filesystem-type"
    case mountOption = "mount-option"
    case reflink
    case dataJournal = "data-journal"
    case inlineData = "inline-data"
    case encryption
    case verity
    case inodeFlag = "inode-flag"
    case notSynchronous = "not-synchronous"
    case pageless
    case badBlocks = "bad-blocks"
  }

  public var kind: Kind
  /// The condition.
  public var text: String
  /// The change that would remove it; nil if there is none.
  public var remedy: String?
  /// Whether DAX would damage data.
  public var isDangerous: Bool

  public init(_ kind: Kind, _ text: String, remedy: String? = nil, isDangerous: Bool = false) {
    self.kind = kind
    self.text = text
    self.remedy = remedy
    self.isDangerous = isDangerous
  }
}
