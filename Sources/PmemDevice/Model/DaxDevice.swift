/// A range of memory that device-dax gives to programs: of a devdax namespace, or of the platform (CXL, hmem).
public struct DaxRegion: Hashable, Sendable {
  /// The X of `daxX.Y`.
  public var id: Int
  public var size: ByteCount
  /// The alignment of a mapping's offset and length, bytes.
  public var align: UInt64
  /// sysfs path below /sys/devices; nil on a simulated machine.
  public var path: String?
  /// The free ranges for new devices, if the region can be divided; nil for a namespace's region, which is one device
  /// for its lifetime (drivers/dax/bus.c:is_static).
  public var availableSize: ByteCount?
  public var devices: [DaxDevice]

  public init(
    id: Int, size: ByteCount, align: UInt64, path: String? = nil, availableSize: ByteCount? = nil,
    devices: [DaxDevice]
  ) {
    self.id = id
    self.size = size
    self.align = align
    self.path = path
    self.availableSize = availableSize
    self.devices = devices
  }

  public var isDivisible: Bool { availableSize != nil }

  /// The source of a region's memory that belongs to no namespace.
  public enum Source: String, CaseIterable, Hashable, Sendable {
    /// A volatile CXL region that is known as one (drivers/dax/cxl.c).
    case cxl
    /// Firmware, as memory of a special purpose, "Soft Reserved" (drivers/dax/hmem): also CXL memory that it has configured
    /// itself, of which the kernel knows no region.
    case hmem
  }

  /// nil if the path does not say.
  public var source: Source? {
    let parts = (path ?? "").split(separator: "/")
    if parts.contains(where: { $0.hasPrefix("dax_region") }) { return .cxl }
    return parts.contains { $0.hasPrefix("hmem.") } ? .hmem : nil
  }
}

/// One character device, `/dev/daxX.Y`.
public struct DaxDevice: Hashable, Sendable {
  /// Who uses its memory.
  public enum Mode: String, CaseIterable, Hashable, Sendable {
    /// A program maps it.
    case devdax
    /// It is the kernel's own memory.
    case systemRAM = "system-ram"
  }

  public var chardev: String
  public var size: ByteCount
  /// Memory node that it has, or would have, as system-ram; -1 if the platform does not report it.
  public var targetNode: Int
  /// The alignment of a mapping's offset and length, bytes.
  public var align: UInt64
  public var mode: Mode
  public var isEnabled: Bool
  /// In system-ram mode: its memory blocks; nil if the kernel does not report them.
  public var memory: MemoryBlocks?
  public var mappings: [DaxRange]

  public init(
    chardev: String, size: ByteCount, targetNode: Int, align: UInt64, mode: Mode, isEnabled: Bool = true,
    memory: MemoryBlocks? = nil, mappings: [DaxRange] = []
  ) {
    self.chardev = chardev
    self.size = size
    self.targetNode = targetNode
    self.align = align
    self.mode = mode
    self.isEnabled = isEnabled
    self.memory = memory
    self.mappings = mappings
  }

  /// How many memory blocks of a size it fills; what does not fill one cannot be used as system-ram
  /// (drivers/dax/kmem.c:dax_kmem_range).
  public func wholeBlocks(of size: UInt64) -> Int {
    mappings.reduce(0) { sum, range in
      let first = (range.start + size - 1) / size
      let end = (range.end + 1) / size
      return sum + (end > first ? Int(end - first) : 0)
    }
  }
}

/// A physical range behind a DAX device. `end` is the last byte, as in sysfs.
public struct DaxRange: Hashable, Sendable {
  /// Offset of the range in the device, pages.
  public var pageOffset: UInt64
  /// Physical address.
  public var start: UInt64
  /// Physical address of the last byte.
  public var end: UInt64

  public init(pageOffset: UInt64, start: UInt64, end: UInt64) {
    self.pageOffset = pageOffset
    self.start = start
    self.end = end
  }
}

/// A DAX device, its region, and the namespace that both belong to.
public struct DaxDeviceLocation: Hashable, Sendable {
  public var device: DaxDevice
  public var region: DaxRegion
  /// nil for memory of the platform.
  public var namespace: Namespace?

  /// Who gave the memory; nil for that of a namespace, or if it is not known.
  public var source: DaxRegion.Source? { namespace == nil ? region.source : nil }

  /// The namespace whose users it has: its own, or a stand-in.
  public var usedNamespace: Namespace { namespace ?? Namespace(standingFor: device, of: region) }
}

extension Inventory {
  /// All DAX devices, those of namespaces first.
  public var daxDevices: [DaxDeviceLocation] {
    namespaces.flatMap { namespace in
      guard let region = namespace.daxRegion else { return [DaxDeviceLocation]() }
      return region.devices.map { DaxDeviceLocation(device: $0, region: region, namespace: namespace) }
    }
      + otherDaxRegions.flatMap { region in
        region.devices.map { DaxDeviceLocation(device: $0, region: region, namespace: nil) }
      }
  }
}
