/// One primitive change. A backend performs it whole or fails; policy is in the plan that contains it.
public enum Step: Hashable, Sendable {
  /// Give an idle namespace device its identity and cut its size from the region.
  case allocate(Allocation)
  /// Attach a btt, pfn or dax device to a disabled namespace. The info block is written by ``enable(namespace:)``.
  case claim(namespace: String, Claim)
  /// Detach the claim of a disabled namespace.
  case release(namespace: String)
  /// Bind the driver: the claim's, else the namespace's own.
  case enable(namespace: String)
  /// Unbind the driver.
  case disable(namespace: String)
  /// Overwrite the first 8 KiB of a disabled namespace, which hold its info blocks, with zeros.
  case zeroInfoBlock(namespace: String)
  /// Give a disabled namespace's space back to its region, and its labels.
  case free(namespace: String)
  case enableRegion(String)
  case disableRegion(String)
  /// Create a CXL region: allocate memory of its devices, addresses of its window, and program the decoders.
  case createCxlRegion(CxlRecipe)
  /// Remove a CXL region on which nothing is enabled. Its memory stays as it is.
  case destroyCxlRegion(String)
  /// Programs the decoders of a CXL region that was disabled, as by `cxl disable-region`, and binds its driver.
  case enableCxlRegion(String)
  /// Write fresh index blocks, every slot free, to the label area of a DIMM whose regions are disabled.
  case initializeLabels(dimm: String, LabelVersion)
  /// Overwrite a whole label area with these bytes while the DIMM's regions are disabled; the DIMM's driver then reads
  /// them again.
  case writeLabels(dimm: String, bytes: [UInt8])
  /// Overwrite bytes of a disabled namespace, below its mode.
  case write(namespace: String, bytes: [UInt8], offset: UInt64)
  /// Give a disabled namespace another name, in its labels.
  case rename(namespace: String, name: String)
  /// Give a disabled namespace another UUID, in its labels (drivers/nvdimm/namespace_devs.c:uuid_store). Info blocks name the
  /// UUID of their namespace (`parent_uuid`): one that is there is valid no more.
  case identify(namespace: String, uuid: DeviceUUID)
  /// Note in the labels of a disabled namespace which mode it has: the kernel looks for that mode's info block only.
  case setMode(namespace: String, NamespaceMode)
  /// Make a disabled namespace larger or smaller; it keeps its labels' UUID.
  case resize(namespace: String, size: ByteCount)
  /// Make the bad blocks in a range of a disabled namespace good again; what was in them is lost, and was before.
  case clearErrors(namespace: String, Extent)
  /// Bind a DAX device that has no driver to device_dax, or to kmem, which makes it the kernel's memory.
  case bindDevice(String, DaxDevice.Mode)
  /// Unbind the driver of a DAX device, none of whose memory is online.
  case unbindDevice(String)
  /// Put all memory of a DAX device that is system-ram to use; in ZONE_MOVABLE it can go offline again.
  case onlineMemory(device: String, movable: Bool)
  /// Take all memory of a DAX device back from the kernel, or none.
  case offlineMemory(device: String)
  /// Make a DAX device in a region that can be divided, and bind it to device_dax.
  case createDevice(region: Int, size: ByteCount, align: UInt64)
  /// Give a DAX device without a driver another size; 0 gives all of it back.
  case resizeDevice(String, ByteCount)
  /// Remove a DAX device without a driver.
  case destroyDevice(String)
  /// Bind or unbind the driver of a DIMM, whose regions are disabled.
  case enableDimm(String)
  case disableDimm(String)
  /// Change the security of a DIMM, or the key material for it.
  case security(dimm: String, SecurityOperation)
  /// Have the platform read all media of a bus, in the background (ACPI 6.5, 9.20.7.5, Start ARS).
  case startScrub(bus: String)
  /// Have the platform report a part of a namespace's data as bad, in blocks of 512 bytes (ACPI 6.5, 9.20.7.9, ARS Error
  /// Inject). A silent error is found by the next scrub.
  case injectErrors(namespace: String, Extent, isSilent: Bool)
  /// Take injected errors back; the kernel still lists them until they are cleared.
  case withdrawErrors(namespace: String, Extent)
  /// Have a DIMM report another health than it has, or what it has again.
  case injectHealth(dimm: String, HealthInjection)
  /// Set thresholds of the alarms of a DIMM, and which of them it watches for.
  case setAlarms(dimm: String, AlarmSettings)
  /// Change the firmware of a DIMM, or whether it takes part in the next activation.
  case firmware(dimm: String, FirmwareOperation)
  /// Activate the staged firmware of the armed DIMMs of a bus, at once.
  case activateFirmware(bus: String, FirmwareActivation.Method)
}

/// The properties that ``Step/allocate(_:)`` gives to an idle namespace.
public struct Allocation: Hashable, Sendable {
  public var namespace: String
  public var uuid: DeviceUUID
  public var name: String?
  public var size: ByteCount
  /// Logical block size recorded in the label; nil leaves it to the kernel (512).
  public var sectorSize: UInt64?

  public init(
    namespace: String, uuid: DeviceUUID, name: String?, size: ByteCount, sectorSize: UInt64? = nil
  ) {
    self.namespace = namespace
    self.uuid = uuid
    self.name = name
    self.size = size
    self.sectorSize = sectorSize
  }
}

/// A personality for a namespace, with the UUID of its info block.
public enum Claim: Hashable, Sendable {
  case fsdax(map: MapLocation, align: UInt64, uuid: DeviceUUID)
  case devdax(map: MapLocation, align: UInt64, uuid: DeviceUUID)
  case sector(size: UInt64, uuid: DeviceUUID)

  public var mode: NamespaceMode {
    switch self {
    case .fsdax: .fsdax
    case .devdax: .devdax
    case .sector: .sector
    }
  }
}

extension Step {
  /// The machine-readable name, as `--dry-run --json` shows it.
  public var name: String {
    switch self {
    case .allocate: "allocate"
    case .claim: "claim"
    case .release: "release"
    case .enable: "enable"
    case .disable: "disable"
    case .zeroInfoBlock: "zero-info-block"
    case .free: "free"
    case .enableRegion: "enable-region"
    case .disableRegion: "disable-region"
    case .createCxlRegion: "create-cxl-region"
    case .destroyCxlRegion: "destroy-cxl-region"
    case .enableCxlRegion: "enable-cxl-region"
    case .initializeLabels: "initialize-labels"
    case .writeLabels: "write-labels"
    case .write: "write"
    case .rename: "rename"
    case .identify: "set-uuid"
    case .resize: "resize"
    case .setMode: "set-mode"
    case .clearErrors: "clear-errors"
    case .bindDevice: "bind-device"
    case .unbindDevice: "unbind-device"
    case .onlineMemory: "online-memory"
    case .offlineMemory: "offline-memory"
    case .createDevice: "create-device"
    case .resizeDevice: "resize-device"
    case .destroyDevice: "destroy-device"
    case .enableDimm: "enable-dimm"
    case .disableDimm: "disable-dimm"
    case .security(_, let operation): operation.rawValue
    case .startScrub: "start-scrub"
    case .injectErrors: "inject-errors"
    case .withdrawErrors: "withdraw-errors"
    case .injectHealth: "inject-health"
    case .setAlarms: "set-alarms"
    case .firmware(_, let operation): operation.name
    case .activateFirmware: "activate-firmware"
    }
  }

  /// The device that it changes, by kernel name.
  public var target: String {
    switch self {
    case .allocate(let allocation): allocation.namespace
    case .claim(let namespace, _), .release(let namespace), .enable(let namespace), .disable(let namespace),
      .zeroInfoBlock(let namespace), .free(let namespace), .write(let namespace, _, _),
      .rename(let namespace, _), .identify(let namespace, _), .resize(let namespace, _),
      .setMode(let namespace, _), .clearErrors(let namespace, _), .injectErrors(let namespace, _, _),
      .withdrawErrors(let namespace, _):
      namespace
    case .enableRegion(let region), .disableRegion(let region), .destroyCxlRegion(let region),
      .enableCxlRegion(let region):
      region
    case .createCxlRegion(let recipe): recipe.region
    case .bindDevice(let device, _), .unbindDevice(let device), .onlineMemory(let device, _),
      .offlineMemory(let device), .resizeDevice(let device, _), .destroyDevice(let device):
      device
    case .createDevice(let region, _, _): "dax\(region)"
    case .initializeLabels(let dimm, _), .writeLabels(let dimm, _), .enableDimm(let dimm),
      .disableDimm(let dimm), .security(let dimm, _), .injectHealth(let dimm, _), .setAlarms(let dimm, _),
      .firmware(let dimm, _):
      dimm
    case .startScrub(let bus), .activateFirmware(let bus, _): bus
    }
  }
}

extension Step {
  /// The step in a few words, for errors: `enable namespace0.1`.
  public var words: String {
    switch self {
    case .allocate(let allocation): "allocate \(allocation.size) as \(allocation.namespace)"
    case .claim(let namespace, let claim): "claim \(namespace) as \(claim.mode)"
    case .release(let namespace): "release \(namespace)"
    case .enable(let namespace): "enable \(namespace)"
    case .disable(let namespace): "disable \(namespace)"
    case .zeroInfoBlock(let namespace): "overwrite the info block of \(namespace)"
    case .free(let namespace): "free \(namespace)"
    case .enableRegion(let region): "enable \(region)"
    case .disableRegion(let region): "disable \(region)"
    case .createCxlRegion(let recipe): "create the CXL region \(recipe.region)"
    case .destroyCxlRegion(let region): "remove the CXL region \(region)"
    case .enableCxlRegion(let region): "enable the CXL region \(region)"
    case .initializeLabels(let dimm, let version): "initialize the labels of \(dimm) (\(version.rawValue))"
    case .writeLabels(let dimm, let bytes): "write \(ByteCount(UInt64(bytes.count))) of labels to \(dimm)"
    case .write(let namespace, let bytes, let offset):
      "write \(bytes.count) bytes at \(offset) of \(namespace)"
    case .rename(let namespace, let name): "rename \(namespace) to \"\(name)\""
    case .identify(let namespace, let uuid): "set the UUID of \(namespace) to \(uuid)"
    case .setMode(let namespace, let mode): "mark \(namespace) as \(mode)"
    case .resize(let namespace, let size): "resize \(namespace) to \(size)"
    case .clearErrors(let namespace, let extent):
      "clear the errors in \(extent.length) bytes at \(extent.offset) of \(namespace)"
    case .bindDevice(let device, let mode): "make \(device) \(mode.rawValue)"
    case .unbindDevice(let device): "unbind \(device)"
    case .onlineMemory(let device, _): "bring the memory of \(device) online"
    case .offlineMemory(let device): "take the memory of \(device) offline"
    case .createDevice(let region, let size, _): "create a DAX device of \(size) in DAX region \(region)"
    case .resizeDevice(let device, let size): "resize \(device) to \(size)"
    case .destroyDevice(let device): "remove \(device)"
    case .enableDimm(let dimm): "enable \(dimm)"
    case .disableDimm(let dimm): "disable \(dimm)"
    case .security(let dimm, let operation): operation.words(dimm)
    case .startScrub(let bus): "start a scrub of \(bus)"
    case .injectErrors(let namespace, let extent, _):
      "inject errors into \(extent.length) bytes at \(extent.offset) of \(namespace)"
    case .withdrawErrors(let namespace, let extent):
      "withdraw the errors injected into \(extent.length) bytes at \(extent.offset) of \(namespace)"
    case .injectHealth(let dimm, let injection): injection.words(dimm)
    case .setAlarms(let dimm, let settings): "set alarms of \(dimm): \(settings.words)"
    case .firmware(let dimm, let operation): operation.words(dimm)
    case .activateFirmware(let bus, _): "activate the firmware of the armed DIMMs of \(bus)"
    }
  }
}

extension Step {
  /// Whether the media of namespaces cannot be read after it.
  var hidesMedia: Bool {
    switch self {
    case .disableRegion, .destroyCxlRegion: true
    default: false
    }
  }

  /// Whether it writes to the media; the others only change what the kernel has in memory.
  public var overwrites: Bool {
    switch self {
    case .allocate, .claim, .zeroInfoBlock, .free, .initializeLabels, .writeLabels, .write, .rename,
      .identify, .resize, .setMode, .clearErrors:
      true
    // Enabling writes the info block of a claim, which is a step of its own before it.
    case .release, .enable, .disable, .enableRegion, .disableRegion, .createCxlRegion, .destroyCxlRegion,
      .enableCxlRegion, .enableDimm, .disableDimm, .bindDevice,
      .unbindDevice, .onlineMemory, .offlineMemory, .createDevice, .resizeDevice, .destroyDevice, .security,
      .startScrub, .injectErrors, .withdrawErrors, .injectHealth, .setAlarms, .firmware,
      .activateFirmware:
      false
    }
  }
}
