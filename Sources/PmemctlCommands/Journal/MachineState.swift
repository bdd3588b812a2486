import PmemDevice

/// The part of a machine that a change touches, at one moment: the state that an undo must restore.
struct MachineState: Hashable {
  var dimms: [DimmState] = []
  var regions: [RegionState] = []
  var namespaces: [NamespaceState] = []
  var devices: [DeviceState] = []
  /// What no step restores; empty in a record that was read back.
  var facts = CareFacts()
}

struct DimmState: Hashable {
  /// Kernel name then; another boot may give it to another DIMM.
  var dev: String
  /// Vendor and serial number; nil if the platform has none.
  var id: String?
  var isEnabled: Bool
  /// The whole label area; nil if the change writes no labels.
  var labels: [UInt8]?
  /// ``DIMM/security``; nil if it has none, and in a record that was read back: a passphrase change is not undone later.
  var security: String?

  /// The same DIMM on this machine, whatever its name is now.
  func find(in inventory: Inventory) -> DIMM? {
    inventory.dimms.first { id == nil ? $0.dev == dev : $0.id == id }
  }
}

struct RegionState: Hashable {
  var dev: String
  /// Kernel names then of its DIMMs, in the order of the interleave set; empty for memory without DIMMs.
  var dimms: [String]
  var isEnabled: Bool
  /// The CXL region under it; nil if there is none, in records of earlier versions, and if a parameter was unknown.
  var cxl: CxlRecipe?
  /// The command line that creates it again, and its devices in words: all that earlier versions kept.
  var cxlRecipe: String?
  var cxlDevices: String?

  init(
    dev: String, dimms: [String], isEnabled: Bool, cxl: CxlRecipe? = nil
  ) {
    self.dev = dev
    self.dimms = dimms
    self.isEnabled = isEnabled
    self.cxl = cxl
    cxlRecipe = cxl?.command.joined(separator: " ")
    cxlDevices = cxl?.devices
  }
}

struct NamespaceState: Hashable {
  /// Some bytes of it, below its mode.
  struct Piece: Hashable {
    var offset: UInt64
    var bytes: [UInt8]
  }

  var dev: String
  var region: String
  var name: String?
  /// Of its label; nil for a label-less one.
  var uuid: DeviceUUID?
  /// Of its info block, as far as the kernel shows it.
  var infoUUID: DeviceUUID?
  /// nil if it was disabled, and no label was kept that has it.
  var mode: NamespaceMode?
  var isEnabled: Bool
  /// Raw size, bytes.
  var size: UInt64
  /// Bytes from the region's start; nil if addresses may not be read.
  var offset: UInt64?
  /// The bytes that were overwritten.
  var pieces: [Piece] = []

  /// The UUID of its info block, nil in it if there was none; nil if it is not known.
  var infoBlock: DeviceUUID?? {
    if isEnabled { return .some(infoUUID) }
    return pieces.first { $0.offset == 0 }.map { InfoBlockHead($0.bytes).uuid }
  }

  /// How a step names it also after its kernel name has changed.
  var stableName: String { uuid?.description ?? dev }
  var title: String { name.map { "\(dev) \"\($0)\"" } ?? dev }
}

struct DeviceState: Hashable {
  var chardev: String
  /// Number of its DAX region.
  var region: Int
  var isDivisible: Bool
  var size: UInt64
  var align: UInt64
  var mode: DaxDevice.Mode
  var isEnabled: Bool
  /// Memory blocks that are online; nil unless it is system-ram.
  var online: Int?
  /// Whether those are in ZONE_MOVABLE.
  var isMovable: Bool
}

// MARK: Reading

extension NamespaceState {
  init(_ namespace: Namespace, in region: Region) {
    dev = namespace.dev
    self.region = region.dev
    name = namespace.name
    uuid = region.isLabeled ? namespace.labelUUID : nil
    infoUUID = namespace.holder == nil ? nil : namespace.uuid
    mode = namespace.isEnabled ? namespace.mode : nil
    isEnabled = namespace.isEnabled
    size = namespace.rawSize.rawValue
    if let start = namespace.resource, let base = region.resource, start >= base { offset = start - base }
  }

  /// The same namespace on this machine: by UUID, a label-less one by its name and size.
  func find(in inventory: Inventory) -> Namespace? {
    inventory.namespaces.first { namespace in
      guard let uuid else { return namespace.dev == dev && namespace.rawSize.rawValue == size }
      return namespace.labelUUID == uuid
    }
  }
}

extension DeviceState {
  init(_ placed: DaxDeviceLocation) {
    let device = placed.device
    chardev = device.chardev
    region = placed.region.id
    isDivisible = placed.region.isDivisible
    size = device.size.rawValue
    align = device.align
    mode = device.mode
    isEnabled = device.isEnabled
    online = device.memory?.online
    isMovable = (device.memory?.movable ?? 0) > 0
  }
}
