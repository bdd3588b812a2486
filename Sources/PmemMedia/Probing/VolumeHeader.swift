public import PmemDevice

/// What the first bytes of a volume say of it: its kind, its UUID, and its own idea of its size.
public struct VolumeHeader: Hashable, Sendable {
  /// As libblkid names it.
  public let type: String
  /// Of the whole volume, bytes; nil if the header does not say.
  public let size: UInt64?
  public let uuid: DeviceUUID?

  /// Bytes that are looked at.
  public static let length = 8192

  /// nil for none that is known here.
  ///
  /// - Parameter head: The first ``length`` bytes.
  public init?(_ head: [UInt8]) {
    let fields = ByteFields(head)
    guard let found = Self.ext(fields) ?? Self.xfs(fields) ?? Self.gpt(fields) ?? Self.luks(fields) else {
      return nil
    }
    self = found
  }

  private init(_ type: String, size: UInt64?, uuid: DeviceUUID?) {
    self.type = type
    self.size = size
    self.uuid = uuid
  }

  private static func product(_ count: UInt64, _ size: UInt64) -> UInt64? {
    let (product, overflow) = count.multipliedReportingOverflow(by: size)
    return overflow || product == 0 ? nil : product
  }

  /// fs/ext4/ext4.h:struct ext4_super_block, at byte 1024. Copies of it begin their block.
  private static func ext(_ fields: ByteFields) -> VolumeHeader? {
    let start = 1024
    guard fields.u16(start + 56) == 0xef53, fields.u32(start + 24) <= 6, fields.u16(start + 90) == 0 else {
      return nil
    }
    let isExt4 = fields.u32(start + 96) & 0x2c0 != 0 || fields.u32(start + 100) & 0x8 != 0
    let high = fields.u32(start + 96) & 0x80 != 0 ? UInt64(fields.u32(start + 336)) << 32 : 0
    return VolumeHeader(
      isExt4 ? "ext4" : fields.u32(start + 92) & 0x4 != 0 ? "ext3" : "ext2",
      size: product(UInt64(fields.u32(start + 4)) | high, 1024 << UInt64(fields.u32(start + 24))),
      uuid: DeviceUUID(bytes: fields.slice(start + 104, 16)))
  }

  /// fs/xfs/libxfs/xfs_format.h:struct xfs_dsb; big-endian. Each allocation group has a copy, which says the same.
  private static func xfs(_ fields: ByteFields) -> VolumeHeader? {
    guard fields.slice(0, 4) == Array("XFSB".utf8) else { return nil }
    let block = UInt64(fields.u32(4).byteSwapped)
    guard (512...65536).contains(block), block.nonzeroBitCount == 1 else { return nil }
    return VolumeHeader(
      "xfs", size: product(fields.u64(8).byteSwapped, block), uuid: DeviceUUID(bytes: fields.slice(32, 16)))
  }

  /// UEFI, "GUID Partition Table", in sectors of 512 or 4096 bytes: the copy of the header is in the last one.
  private static func gpt(_ fields: ByteFields) -> VolumeHeader? {
    for sector in [512, 4096] where fields.slice(sector, 8) == Array("EFI PART".utf8) {
      guard fields.u64(sector + 24) == 1 else { continue }
      let (last, overflow) = fields.u64(sector + 32).addingReportingOverflow(1)
      return VolumeHeader(
        "gpt", size: overflow ? nil : product(last, UInt64(sector)),
        uuid: GUID.read(fields.slice(sector + 56, 16)))
    }
    return nil
  }

  private static func luks(_ fields: ByteFields) -> VolumeHeader? {
    guard fields.slice(0, 6) == Array("LUKS".utf8) + [0xba, 0xbe] else { return nil }
    let text = String(decoding: fields.slice(168, 36), as: UTF8.self)
    return VolumeHeader("crypto_LUKS", size: nil, uuid: DeviceUUID(text))
  }
}
