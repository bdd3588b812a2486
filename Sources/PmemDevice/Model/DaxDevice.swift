/// The device-dax side of a devdax namespace.
public struct DaxRegion: Hashable, Sendable {
  public var id: Int
  public var size: ByteCount
  public var align: UInt64
  /// sysfs path below /sys/devices; nil on a simulated machine.
  public var path: String?
  public var devices: [DaxDevice]

  public init(id: Int, size: ByteCount, align: UInt64, path: String? = nil, devices: [DaxDevice]) {
    self.id = id
    self.size = size
    self.align = align
    self.path = path
    self.devices = devices
  }
}

/// One character device, `/dev/daxX.Y`.
public struct DaxDevice: Hashable, Sendable {
  public enum Mode: String, Hashable, Sendable {
    case devdax
    case systemRAM = "system-ram"
  }

  public var chardev: String
  public var size: ByteCount
  public var targetNode: Int
  public var align: UInt64
  public var mode: Mode
  public var isEnabled: Bool
  public var mappings: [DaxRange]

  public init(
    chardev: String, size: ByteCount, targetNode: Int, align: UInt64, mode: Mode, isEnabled: Bool = true,
    mappings: [DaxRange] = []
  ) {
    self.chardev = chardev
    self.size = size
    self.targetNode = targetNode
    self.align = align
    self.mode = mode
    self.isEnabled = isEnabled
    self.mappings = mappings
  }
}

/// A physical range behind a DAX device. `end` is the last byte, as in sysfs.
public struct DaxRange: Hashable, Sendable {
  public var pageOffset: UInt64
  public var start: UInt64
  public var end: UInt64

  public init(pageOffset: UInt64, start: UInt64, end: UInt64) {
    self.pageOffset = pageOffset
    self.start = start
    self.end = end
  }
}
