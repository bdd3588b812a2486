/// A block device on persistent memory, or a filesystem on one, as far as DAX is concerned: facts, no opinion.
public struct DaxLayer: Hashable, Sendable {
  /// The layer, from a namespace's device up to files.
  public enum Kind: String, Hashable, Sendable {
    /// The block device of a namespace.
    case disk = "block-device"
    case partition
    /// dm, md and the like.
    case stack
    case filesystem
  }

  /// One piece of a device mapper table.
  public struct Target: Hashable, Sendable {
    /// In the stacked device, bytes.
    public var begin: UInt64
    /// Its offset on the device below, bytes.
    public var start: UInt64
    public var lower: String

    public init(begin: UInt64, start: UInt64, lower: String) {
      self.begin = begin
      self.start = start
      self.lower = lower
    }
  }

  /// The properties of a filesystem, mounted or not.
  public struct Filesystem: Hashable, Sendable {
    /// The superblock's features that decide about DAX (fs/ext4/super.c:ext4_fill_super, fs/xfs/xfs_super.c).
    public enum Feature: Hashable, Sendable {
      /// Data of small files are in their inodes.
      case inlineData
      /// Files may be encrypted (fscrypt).
      case encryption
      case verity
      /// It is mounted with data=journal by default.
      case dataJournal
      /// Blocks can be shared between files.
      case reflink
    }

    public var type: String
    /// Of the filesystem itself: `dax=always`.
    public var options: [String]
    /// Bytes; nil if unknown.
    public var blockSize: UInt64?
    /// Whether its blocks can be shared between files (reflink); nil if unknown.
    public var hasReflink: Bool?
    public var features: Set<Feature> = []
    public var isMounted = true
    /// Regular files that were looked at, and how many of them have DAX (STATX_ATTR_DAX).
    public var filesSeen = 0
    public var filesWithDAX = 0
    /// One of each kind, to try.
    public var sample: String?

    public init(type: String, options: [String], blockSize: UInt64?) {
      self.type = type
      self.options = options
      self.blockSize = blockSize
    }
  }

  public var kind: Kind
  /// `pmem0`, `pmem0p1`, `dm-0`; for a filesystem, its mount point.
  public var name: RawText
  /// The block device: itself, or the one that the filesystem is on.
  public var device: String
  /// The namespaces under it.
  public var namespaces: [String]
  /// `queue/dax` of its disk; nil if the kernel has no such file.
  public var hasQueueDAX: Bool?
  /// For a partition: its offset on the disk, bytes.
  public var partition: Extent?
  /// For a stack: its table; nil if it could not be read, or has a target other than linear and striped.
  public var targets: [Target]?
  public var filesystem: Filesystem?

  public init(kind: Kind, name: RawText, device: String, namespaces: [String], hasQueueDAX: Bool?) {
    self.kind = kind
    self.name = name
    self.device = device
    self.namespaces = namespaces
    self.hasQueueDAX = hasQueueDAX
  }
}
