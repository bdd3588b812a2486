/// Finds out about DAX by looking, and by doing.
public protocol DaxInspector: AnyObject {
  /// The block devices on persistent memory and the filesystems on those, each below what is stacked on it.
  ///
  /// - Parameter inventory: As it is now.
  /// - Returns: The content of it.
  /// - Throws: The error of the inspection.
  func daxLayers(_ inventory: Inventory) throws(DeviceError) -> [DaxLayer]

  /// Maps a page of a file or device for reading and touches it.
  ///
  /// - Parameters:
  ///   - path: Any file or device node.
  ///   - offset: Of the page; rounded down to what can be mapped.
  ///   - inventory: As it is now.
  /// - Returns: A description of the mapping.
  /// - Throws: Why it could not be mapped.
  func probe(
    _ path: String, at offset: UInt64, in inventory: Inventory
  ) throws(DeviceError) -> DaxProbe

  /// Opens a namespace's device as a consumer would, maps both ends of it, touches them without changing anything, and
  /// sees what the kernel made of that.
  ///
  /// - Parameters:
  ///   - namespace: As the inventory has it.
  ///   - inventory: As it is now.
  ///   - longTerm: Whether its memory must be such that a device may keep it (RDMA, VFIO).
  /// - Returns: The claims that were checked, with the observations, in order.
  /// - Throws: Only what stops it before anything could be tried.
  func verify(
    _ namespace: Namespace, in inventory: Inventory, longTerm: Bool
  ) throws(DeviceError) -> [DaxProof]
}

/// The result of mapping a page.
public struct DaxProbe: Hashable, Sendable {
  /// The object that was mapped.
  public enum Subject: Hashable, Sendable {
    case daxDevice, blockDevice, file
  }

  public var subject: Subject
  /// Whether loads reach the device itself; nil if unknown.
  public var isDAX: Bool?
  /// The size of the page table entry, bytes; nil if unknown.
  public var pageSize: UInt64?
  /// Whether MAP_SYNC is granted; nil if it was not tried.
  public var isSync: Bool?
  /// `dax0.0`, `pmem0`, `dm-0`; nil for a file that is not on persistent memory.
  public var device: String?
  public var namespaces: [String]
  /// Of the page, bytes.
  public var offset: UInt64
  /// Whether a long-term pin was tried, and granted; nil if none was tried.
  public var longTermPin: DaxProof.Outcome?
  /// The flags of a file's inode (FS_IOC_GETFLAGS); nil if it has none.
  public var inodeFlags: UInt32?

  public init(
    _ subject: Subject, isDAX: Bool?, pageSize: UInt64?, isSync: Bool?, device: String?, namespaces: [String],
    offset: UInt64
  ) {
    self.subject = subject
    self.isDAX = isDAX
    self.pageSize = pageSize
    self.isSync = isSync
    self.device = device
    self.namespaces = namespaces
    self.offset = offset
  }
}

/// Something that was claimed, and whether it was seen.
public struct DaxProof: Hashable, Sendable {
  /// The result of a trial.
  public enum Outcome: String, Hashable, Sendable {
    case proven
    case failed = "disproven"
    case unverified
  }

  /// The subject of a check: consumers differ in their requirements.
  public enum Claim: Hashable, Sendable {
    case mapping, longTermPin
  }

  public var claim: Claim
  public var outcome: Outcome
  /// The observation, or the reason why there is none.
  public var text: String

  public init(_ outcome: Outcome, _ text: String, of claim: Claim = .mapping) {
    self.claim = claim
    self.outcome = outcome
    self.text = text
  }
}
