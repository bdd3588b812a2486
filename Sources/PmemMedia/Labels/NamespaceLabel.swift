public import PmemDevice

/// The claim that a label announces for its namespace: the abstraction GUID.
public enum ClaimClass: String, CaseIterable, Hashable, Sendable {
  case none = "00000000-0000-0000-0000-000000000000"
  case btt = "8aed63a2-29a2-4c66-8b12-f05d15d3922a"
  case btt2 = "18633bfc-1735-4217-8ac9-17239282d3f8"
  case pfn = "266400ba-fb9f-4677-bcb0-968f11d0d225"
  case dax = "97a86d9c-3cdd-4eda-986f-5068b4f80088"
}

/// A namespace label, version 1.1 or 1.2: `struct nvdimm_efi_label` in drivers/nvdimm/label.h (UEFI
/// "EFI_NVDIMM_LABEL").
public struct NamespaceLabel: Hashable, Sendable {
  public var uuid: DeviceUUID
  /// Up to 63 bytes of UTF-8.
  public var name: String
  /// ``updating`` and the historical local and BTT flags.
  public var flags: UInt32
  /// How many DIMMs carry a label of this namespace.
  public var labelCount: UInt16
  /// Of this DIMM in the interleave set: from 0 to ``labelCount`` - 1.
  public var position: UInt16
  /// Of the interleave set that it was written for (isetcookie): the kernel takes it in no other.
  public var setCookie: UInt64
  /// Bytes of a logical block (lbasize); 0 means 512.
  public var sectorSize: UInt64
  /// The start of its extent in the DIMM's own address space.
  public var dpa: UInt64
  /// Bytes on this DIMM.
  public var rawSize: UInt64
  /// The label's own slot number, from 0; the kernel ignores a label that is in another slot (label.c:slot_valid).
  public var slot: UInt32
  /// nil if it is not a known one: the kernel gives the namespace to no claim then. Always `.none` in version 1.1.
  public var claimClass: ClaimClass?
  /// The type of the extent, type_guid: ``persistentMemory``, or ``cxlMemory``; nil in version 1.1, which has none.
  public var typeGUID: DeviceUUID? = persistentMemory

  /// NSLABEL_FLAG_UPDATING.
  public static let updating: UInt32 = 8
  /// The SPA range GUID of persistent memory (ACPI NFIT), what type_guid holds.
  public static let persistentMemory = DeviceUUID("66f0d379-b4f3-4074-ac43-0d3318b78cdb") ?? .null

  /// What type_guid holds on a CXL region, whose driver gives its set no type (drivers/cxl/pmem.c:cxl_pmem_region_probe).
  public static let cxlMemory = DeviceUUID.null

  /// Whether the kernel assembles it in a region of memory of a type (label.c:nsl_validate_type_guid).
  ///
  /// - Parameter type: ``persistentMemory`` or ``cxlMemory``.
  /// - Returns: Always true in version 1.1.
  public func isOf(type: DeviceUUID) -> Bool { typeGUID.map { $0 == type } ?? true }

  public init(
    uuid: DeviceUUID, name: String, flags: UInt32, labelCount: UInt16, position: UInt16, setCookie: UInt64,
    sectorSize: UInt64, dpa: UInt64, rawSize: UInt64, slot: UInt32, claimClass: ClaimClass?
  ) {
    self.uuid = uuid
    self.name = name
    self.flags = flags
    self.labelCount = labelCount
    self.position = position
    self.setCookie = setCookie
    self.sectorSize = sectorSize
    self.dpa = dpa
    self.rawSize = rawSize
    self.slot = slot
    self.claimClass = claimClass
  }

  /// The label of a raw namespace without a name, in no slot yet.
  ///
  /// - Parameters:
  ///   - uuid: Of the namespace.
  ///   - extent: Of the region that it is on; a multiple of the region's DIMMs.
  ///   - mapping: Of the DIMM that gets the label.
  ///   - count: Of the region's DIMMs.
  ///   - cookie: Of their set.
  ///   - type: The GUID of the memory's type.
  public init(
    uuid: DeviceUUID, of extent: Extent, on mapping: RegionMapping, of count: Int, cookie: UInt64,
    type: DeviceUUID
  ) {
    let ways = UInt64(max(1, count))
    self.init(
      uuid: uuid, name: "", flags: 0, labelCount: UInt16(clamping: count),
      position: UInt16(clamping: mapping.position), setCookie: cookie, sectorSize: 512,
      dpa: mapping.offset + extent.offset / ways, rawSize: extent.length / ways, slot: 0,
      claimClass: ClaimClass.none)
    typeGUID = type
  }

  /// Reads the label in `slot`; a label that does not name its slot was never meant to be there.
  public init(_ bytes: [UInt8], slot: Int, version: LabelVersion) throws(MediaError) {
    guard bytes.count >= version.labelSize else {
      throw .truncated(need: version.labelSize, have: bytes.count)
    }
    let fields = ByteFields(Array(bytes.prefix(version.labelSize)))
    guard fields.u32(120) == UInt32(slot) else { throw .field("slot", UInt64(fields.u32(120))) }
    if version == .v12 {
      let computed = fields.checksum(excluding: Self.checksumOffset)
      let stored = fields.u64(Self.checksumOffset)
      guard computed == stored else { throw .checksum(stored: stored, computed: computed) }
    }
    self.init(fields, version)
  }

  /// The fields of a damaged label; nil if no namespace could have them.
  init?(unverified bytes: [UInt8], version: LabelVersion) {
    guard bytes.count >= version.labelSize else { return nil }
    self.init(ByteFields(Array(bytes.prefix(version.labelSize))), version)
    guard !uuid.isNull, rawSize > 0 else { return nil }
  }

  /// The offset of a version 1.2 label's checksum.
  static let checksumOffset = 248

  private init(_ fields: ByteFields, _ version: LabelVersion) {
    slot = fields.u32(120)
    uuid = DeviceUUID(bytes: fields.slice(0, 16)) ?? .null
    name = String(decoding: fields.slice(16, 63).prefix { $0 != 0 }, as: UTF8.self)
    flags = fields.u32(80)
    labelCount = fields.u16(84)
    position = fields.u16(86)
    setCookie = fields.u64(88)
    sectorSize = fields.u64(96)
    dpa = fields.u64(104)
    rawSize = fields.u64(112)
    typeGUID = version == .v11 ? nil : GUID.read(fields.slice(128, 16)) ?? .null
    claimClass =
      version == .v11
      ? ClaimClass.none : GUID.read(fields.slice(144, 16)).flatMap { ClaimClass(rawValue: "\($0)") }
  }

  /// As it is in a slot, with the version's size and, in 1.2, its checksum.
  public func encoded(version: LabelVersion) -> [UInt8] {
    var fields = ByteFields(count: version.labelSize)
    fields.set(uuid.bytes, at: 0)
    fields.set(Array(name.utf8.prefix(63)), at: 16)
    fields.set(flags, at: 80, width: 4)
    fields.set(labelCount, at: 84, width: 2)
    fields.set(position, at: 86, width: 2)
    fields.set(setCookie, at: 88, width: 8)
    fields.set(sectorSize, at: 96, width: 8)
    fields.set(dpa, at: 104, width: 8)
    fields.set(rawSize, at: 112, width: 8)
    fields.set(slot, at: 120, width: 4)
    if version == .v12 {
      fields.set(GUID.write(typeGUID ?? Self.persistentMemory), at: 128)
      fields.set(GUID.write((claimClass ?? .none).rawValue), at: 144)
      fields.set(fields.checksum(excluding: Self.checksumOffset), at: Self.checksumOffset, width: 8)
    }
    return fields.bytes
  }
}

/// GUIDs on the media have their first three groups little-endian, unlike UUIDs.
enum GUID {
  private static let order = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15]

  static func read(_ bytes: [UInt8]) -> DeviceUUID? {
    guard bytes.count == 16 else { return nil }
    return DeviceUUID(bytes: order.map { bytes[$0] })
  }

  static func write(_ text: String) -> [UInt8] { write(DeviceUUID(text) ?? .null) }

  static func write(_ guid: DeviceUUID) -> [UInt8] { order.map { guid.bytes[$0] } }
}
