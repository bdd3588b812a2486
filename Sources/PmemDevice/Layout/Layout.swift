/// The intended state of a machine's persistent memory.
public struct Layout: Hashable, Sendable {
  public var regions: [RegionLayout]
  /// CXL regions that there are to be, in the order in which they are created; others are left alone.
  public var cxl: [CxlLayout]

  public init(regions: [RegionLayout], cxl: [CxlLayout] = []) {
    self.regions = regions
    self.cxl = cxl
  }

  /// Without regions that no selector matches yet, as while CXL regions are missing.
  ///
  /// - Parameter inventory: Of the machine.
  /// - Returns: What can be planned, and how many namespaces are left out.
  public func present(in inventory: Inventory) -> (layout: Layout, awaited: Int) {
    var layout = self
    layout.regions = regions.filter { part in
      inventory.regions.contains { part.select.matches($0, in: inventory) }
    }
    let count = { (layout: Layout) in layout.regions.reduce(0) { $0 + $1.namespaces.count } }
    return (layout, count(self) - count(layout))
  }
}

/// A CXL region of persistent memory, by what survives a boot: the kernel forgets the region itself.
public struct CxlLayout: Hashable, Sendable {
  /// Serial numbers, or PCI addresses, of its devices in the order of positions.
  public var devices: [String]
  /// Bytes that follow each other on one device; nil for the window's.
  public var granularity: UInt64?
  /// Of the whole region; nil for all that the devices have free.
  public var size: ByteCount?
  /// The root decoder; nil for the first that has room.
  public var window: String?
  public var position: SourcePosition

  public init(
    devices: [String], granularity: UInt64? = nil, size: ByteCount? = nil, window: String? = nil,
    position: SourcePosition
  ) {
    self.devices = devices
    self.granularity = granularity
    self.size = size
    self.window = window
    self.position = position
  }
}

/// A position in a file, for messages.
public struct SourcePosition: Hashable, Sendable {
  public var file: String
  /// From 1; 0 for what was written in no file.
  public var line: Int
  /// From 1; 0 with a line of 0.
  public var column: Int

  public init(file: String, line: Int, column: Int) {
    self.file = file
    self.line = line
    self.column = column
  }

  public var text: String { line == 0 ? file : "\(file):\(line):\(column)" }
}

/// The intended state of every region that a selector matches.
public struct RegionLayout: Hashable, Sendable {
  /// The treatment of namespaces that the layout does not mention.
  public enum Others: String, CaseIterable, Hashable, Sendable {
    case keep, destroy
  }

  public var select: RegionSelector
  public var others: Others
  public var namespaces: [NamespaceLayout]
  public var position: SourcePosition

  public init(
    select: RegionSelector, others: Others = .keep, namespaces: [NamespaceLayout], position: SourcePosition
  ) {
    self.select = select
    self.others = others
    self.namespaces = namespaces
    self.position = position
  }
}

/// Selects regions by properties that survive a boot. All criteria must match.
public struct RegionSelector: Hashable, Sendable {
  /// The ids of all its DIMMs, in any order.
  public var dimms: [String]?
  /// The interleave-set cookie.
  public var interleaveSet: UInt64?
  /// NUMA node.
  public var node: Int?
  /// The provider of its bus: `ACPI.NFIT`, `e820`.
  public var bus: String?
  /// Physical address.
  public var address: UInt64?
  public var minimumSize: ByteCount?
  public var maximumSize: ByteCount?

  public init(
    dimms: [String]? = nil, interleaveSet: UInt64? = nil, node: Int? = nil, bus: String? = nil,
    address: UInt64? = nil, minimumSize: ByteCount? = nil, maximumSize: ByteCount? = nil
  ) {
    self.dimms = dimms
    self.interleaveSet = interleaveSet
    self.node = node
    self.bus = bus
    self.address = address
    self.minimumSize = minimumSize
    self.maximumSize = maximumSize
  }

  func matches(_ region: Region, in inventory: Inventory) -> Bool {
    if let dimms, Set(dimms) != Set(inventory.dimmIDs(of: region)) { return false }
    if let interleaveSet, region.isetID != interleaveSet { return false }
    if let node, region.numaNode != node { return false }
    if let bus, inventory.bus(of: region)?.provider != bus { return false }
    if let address, region.resource != address { return false }
    return region.size >= minimumSize ?? .zero && region.size <= maximumSize ?? ByteCount(.max)
  }
}

extension Inventory {
  /// The ids of a region's DIMMs; their kernel names if they have no ids.
  func dimmIDs(of region: Region) -> [String] {
    region.mappings.map { mapping in dimms.first { $0.dev == mapping.dimm }?.id ?? mapping.dimm }
  }
}

/// One namespace: its name, or its UUID, is what it is found again by.
public struct NamespaceLayout: Hashable, Sendable {
  /// Whether the memory of a devdax namespace is the kernel's.
  public enum SystemRAM: String, CaseIterable, Hashable, Sendable {
    /// Online in ZONE_MOVABLE.
    case movable
    /// Online in a zone that may never go offline again.
    case kernel
    /// Not online.
    case offline
  }

  /// With `{index}`, `{node}` and `{region}` in it, if the selector matches several regions.
  public var name: String?
  /// Of the label.
  public var uuid: DeviceUUID?
  /// A namespace of that name is given ``name``.
  public var renamedFrom: String?
  public var mode: NamespaceMode
  /// ``Amount/max`` for all that is left.
  public var amount: Amount
  public var measure: SizeMeasure
  public var map: MapLocation?
  /// Bytes: 4 KiB, 2 MiB or 1 GiB; nil for the mode's own.
  public var align: UInt64?
  /// Bytes of a sector; nil for the mode's own.
  public var sectorSize: UInt64?
  public var systemRAM: SystemRAM?
  public var isEnabled: Bool
  public var position: SourcePosition

  public init(
    name: String? = nil, uuid: DeviceUUID? = nil, renamedFrom: String? = nil, mode: NamespaceMode,
    amount: Amount = .max, measure: SizeMeasure = .taken, map: MapLocation? = nil, align: UInt64? = nil,
    sectorSize: UInt64? = nil, systemRAM: SystemRAM? = nil, isEnabled: Bool = true, position: SourcePosition
  ) {
    self.name = name
    self.uuid = uuid
    self.renamedFrom = renamedFrom
    self.mode = mode
    self.amount = amount
    self.measure = measure
    self.map = map
    self.align = align
    self.sectorSize = sectorSize
    self.systemRAM = systemRAM
    self.isEnabled = isEnabled
    self.position = position
  }

  /// With the placeholders of its name filled in.
  func named(index: Int, region: Region) -> NamespaceLayout {
    var named = self
    named.name = name.map { name in
      var text = ""
      var rest = name[...]
      while let open = rest.firstIndex(of: "{") {
        text += rest[..<open]
        rest = rest[open...]
        let words = [
          ("{index}", "\(index)"), ("{node}", "\(region.numaNode)"), ("{region}", "\(region.id)"),
        ]
        if let (word, value) = words.first(where: { rest.hasPrefix($0.0) }) {
          text += value
          rest = rest.dropFirst(word.count)
        } else {
          text += "{"
          rest = rest.dropFirst()
        }
      }
      return text + rest
    }
    return named
  }

  /// As a new namespace would be asked for.
  func request(on region: Region) -> NamespaceCreateRequest {
    NamespaceCreateRequest(
      mode: mode, map: map, align: align, sectorSize: sectorSize, amount: amount, measure: measure,
      name: region.isLabeled ? name : nil, uuid: region.isLabeled ? uuid : nil, regions: [region],
      isRegionGiven: true, force: true)
  }

  /// Its name in messages.
  var title: String {
    name.map { "\"\($0)\"" } ?? uuid.map { "\($0)" } ?? "the namespace of \(position.text)"
  }
}
