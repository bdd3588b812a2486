/// A memory device on a bus.
public struct DIMM: Hashable, Sendable {
  /// Kernel name, `nmemN`.
  public var dev: String
  /// Vendor and serial number as the platform writes them, `8680-56341200`.
  public var id: String?
  /// NFIT device handle; nil if the platform has none.
  public var handle: UInt32?
  /// SMBIOS handle (NFIT "NVDIMM Physical ID"); nil if the platform has none.
  public var physicalID: UInt16?
  public var isEnabled: Bool
  /// Trouble that the platform reports: `failed_save`, `failed_map`, ... as ndctl spells its `flag_` keys.
  public var flags: [String]
  /// Every flag that ``flags`` can have: ACPI's NVDIMM state flags, in the order of libndctl's.
  public static let platformFlags = [
    "failed_save", "failed_arm", "failed_restore", "failed_map", "failed_flush", "smart_event",
  ]
  /// `disabled`, `unlocked`, `locked`, `frozen`, `overwrite`; nil if the DIMM has no security.
  public var security: String?
  /// Whether its security refuses every change until the next power cycle.
  public var isSecurityFrozen: Bool
  /// The label storage area; nil if the DIMM has none or it cannot be read.
  public var labels: LabelArea?

  public init(
    dev: String, id: String? = nil, handle: UInt32? = nil, physicalID: UInt16? = nil, isEnabled: Bool = true,
    flags: [String] = [], security: String? = nil, isSecurityFrozen: Bool = false, labels: LabelArea? = nil
  ) {
    self.dev = dev
    self.id = id
    self.handle = handle
    self.physicalID = physicalID
    self.isEnabled = isEnabled
    self.flags = flags
    self.security = security
    self.isSecurityFrozen = isSecurityFrozen
    self.labels = labels
  }
}

/// The state of a DIMM's label storage area.
public struct LabelArea: Hashable, Sendable {
  /// Labels that can still be written, less the one that the kernel keeps back for updates
  /// (drivers/nvdimm/dimm_devs.c:available_slots_show).
  public var availableSlots: Int
  /// The format in use; the one that the kernel would write (1.2) if no index block was found. nil if it was not read:
  /// see ``InventoryDepth/planning``.
  public var version: LabelVersion?
  /// Whether no valid index block was found; nil if it was not read, as ``version``.
  public var isBlank: Bool?

  public init(availableSlots: Int, version: LabelVersion?, isBlank: Bool? = nil) {
    self.availableSlots = availableSlots
    self.version = version
    self.isBlank = isBlank
  }
}

/// The format of a label storage area. It decides the interleave-set cookie and the BTT version too.
public enum LabelVersion: String, CaseIterable, Hashable, Sendable {
  /// 128-byte labels.
  case v11 = "1.1"
  /// 256-byte labels (UEFI 2.7).
  case v12 = "1.2"

  /// Bytes of one label.
  public var labelSize: Int { self == .v11 ? 128 : 256 }
}
