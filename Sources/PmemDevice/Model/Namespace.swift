/// How a namespace presents its memory.
public enum NamespaceMode: String, CaseIterable, Hashable, Sendable {
  case fsdax, devdax, sector, raw

  /// Reads a mode as ndctl does: its synonyms, in any case.
  public init?(parsing text: String) {
    switch text.lowercased() {
    case "fsdax", "memory": self = .fsdax
    case "devdax", "dax": self = .devdax
    case "sector", "safe": self = .sector
    case "raw": self = .raw
    default: return nil
    }
  }

  public var hasMemoryMap: Bool { self == .fsdax || self == .devdax }
}

/// The location of the struct pages of a fsdax or devdax namespace.
public enum MapLocation: String, CaseIterable, Hashable, Sendable {
  case none
  /// In DRAM.
  case mem
  /// On the device itself.
  case dev
}

/// A piece of a region.
public struct Namespace: Hashable, Sendable {
  /// The X of `namespaceX.Y`, and of its region.
  public var regionID: Int
  /// The Y of `namespaceX.Y`.
  public var id: Int
  public var mode: NamespaceMode
  /// `none` for sector and raw.
  public var map: MapLocation
  /// The usable size: the data area of fsdax, devdax and sector; otherwise ``rawSize``.
  public var size: ByteCount
  /// The size taken from the region. 0 for an idle device.
  public var rawSize: ByteCount
  /// UUID of the info block (fsdax, devdax, sector), or of the label (raw, disabled). Nil if there is none.
  public var uuid: DeviceUUID?
  /// UUID of the label, if the info block has another.
  public var rawUUID: DeviceUUID?
  /// Logical block size; nil for devdax.
  public var sectorSize: UInt64?
  /// Of the mapping; nil for sector and raw.
  public var align: UInt64?
  /// `pmem0`, `pmem0.1s`; nil while disabled, and for devdax.
  public var blockDevice: String?
  public var daxRegion: DaxRegion?
  /// The name given by a person, stored in the label.
  public var name: String?
  /// The node of the nearest processors; -1 if the platform does not report it.
  public var numaNode: Int
  /// The node that its memory would have as system-ram; -1 if the platform does not report it.
  public var targetNode: Int
  public var isEnabled: Bool
  /// Physical address of the first byte, overhead included; nil if it may not be read.
  public var resource: UInt64?
  /// The btt, pfn or dax device that claims it.
  public var holder: String?
  /// Sectors of 512 bytes with known errors.
  public var badblockCount: Int

  public init(
    regionID: Int, id: Int, mode: NamespaceMode = .raw, map: MapLocation = .none, size: ByteCount,
    rawSize: ByteCount, uuid: DeviceUUID? = nil, rawUUID: DeviceUUID? = nil, sectorSize: UInt64? = 512,
    align: UInt64? = nil, blockDevice: String? = nil, daxRegion: DaxRegion? = nil, name: String? = nil,
    numaNode: Int = 0, targetNode: Int = 0, isEnabled: Bool = false, resource: UInt64? = nil,
    holder: String? = nil, badblockCount: Int = 0
  ) {
    self.regionID = regionID
    self.id = id
    self.mode = mode
    self.map = map
    self.size = size
    self.rawSize = rawSize
    self.uuid = uuid
    self.rawUUID = rawUUID
    self.sectorSize = sectorSize
    self.align = align
    self.blockDevice = blockDevice
    self.daxRegion = daxRegion
    self.name = name
    self.numaNode = numaNode
    self.targetNode = targetNode
    self.isEnabled = isEnabled
    self.resource = resource
    self.holder = holder
    self.badblockCount = badblockCount
  }

  /// The DAX device that it stands for, if that belongs to no namespace: its users are found in the same way.
  public private(set) var standsFor: String?

  /// A stand-in for a DAX device of the platform.
  init(standingFor device: DaxDevice, of region: DaxRegion) {
    self.init(
      regionID: region.id, id: 0, mode: .devdax, size: device.size, rawSize: device.size, sectorSize: nil,
      align: device.align, targetNode: device.targetNode, isEnabled: device.isEnabled,
      resource: device.mappings.first?.start)
    standsFor = device.chardev
    daxRegion = DaxRegion(id: region.id, size: region.size, align: region.align, devices: [device])
  }

  /// UUID of the label; nil for a label-less one that no info block names.
  public var labelUUID: DeviceUUID? { rawUUID ?? uuid }

  /// Kernel name.
  public var dev: String { standsFor ?? "namespace\(regionID).\(id)" }

  /// Whether this is an idle device without a size: a seed, or the remainder of a destroyed namespace.
  public var isSeed: Bool { rawSize == .zero }

  /// `namespace0.1 "db"`: how messages speak of it.
  public var title: String {
    guard let name, !name.isEmpty else { return dev }
    return "\(dev) \"\(name)\""
  }

  /// The node under /dev that its user opens.
  public var node: String? { blockDevice ?? daxRegion?.devices.first?.chardev }
}
