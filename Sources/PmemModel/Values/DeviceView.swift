public import PmemDevice

/// All that the memory model knows of a namespace's device.
public struct DeviceView: Hashable, Sendable {
  /// Its driver.
  public enum Kind: Hashable, Sendable {
    /// A block device of the namespace as it is.
    case raw
    /// A block device with struct pages.
    case fsdax
    /// A block device through a BTT.
    case sector
    /// A DAX device that programs map.
    case devdax
    /// A DAX device that no driver gives to programs.
    case undrivenDAX
  }

  public let id: DeviceID
  public var kind: Kind
  /// Bytes that its users have.
  public var size: UInt64
  /// The granularity of mappings of a DAX device, bytes: a power of two; unused for a block device.
  public var alignment: UInt64
  /// Whether its memory has struct pages without a driver's memory map (e820 ranges).
  public var hasNativePages: Bool
  /// Whether a driver is bound.
  public var isAlive: Bool
  /// Whether its memory is online as system-ram.
  public var isOnline: Bool
  /// Its unreadable ranges, bytes from the start of its data.
  public var badBlocks: ExtentSet
  /// Whether all of the namespace can be read, what the driver keeps for itself too.
  public var isMediaClean: Bool

  public init(
    _ id: DeviceID, _ kind: Kind, size: UInt64, alignment: UInt64 = 4096, hasNativePages: Bool = false,
    isAlive: Bool = true, isOnline: Bool = false, badBlocks: ExtentSet = ExtentSet(),
    isMediaClean: Bool = true
  ) {
    self.id = id
    self.kind = kind
    self.size = size
    self.alignment = alignment
    self.hasNativePages = hasNativePages
    self.isAlive = isAlive
    self.isOnline = isOnline
    self.badBlocks = badBlocks
    self.isMediaClean = isMediaClean
  }

  /// Whether it is a DAX device, which is not a block device.
  var isDAXDevice: Bool { kind == .devdax || kind == .undrivenDAX }

  /// The size of a page, bytes: pages of a DAX device are compound.
  var countingPage: UInt64 { isDAXDevice ? alignment : 4096 }

  /// Whether its memory has struct pages.
  var hasStructPages: Bool { kind != .raw || hasNativePages }

  /// The driver is unbound.
  mutating func unbind() {
    isAlive = false
    isOnline = false
    kind = .raw
  }
}
