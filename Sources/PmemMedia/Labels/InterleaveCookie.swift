/// One DIMM's contribution to an interleave-set cookie.
public struct InterleaveMember: Hashable, Sendable {
  /// The start of the DIMM's part in the region, bytes (NFIT region offset).
  public var regionOffset: UInt64
  /// As in the NFIT's control region, read little-endian.
  public var serial: UInt32
  /// JEDEC's id, as in the NFIT's control region, read little-endian.
  public var vendor: UInt16
  /// Week and year in BCD; 0 if the platform gives none.
  public var manufacturingDate: UInt16
  /// The vendor's own number; 0 if the platform gives none.
  public var manufacturingLocation: UInt8

  public init(
    regionOffset: UInt64, serial: UInt32, vendor: UInt16, manufacturingDate: UInt16 = 0,
    manufacturingLocation: UInt8 = 0
  ) {
    self.regionOffset = regionOffset
    self.serial = serial
    self.vendor = vendor
    self.manufacturingDate = manufacturingDate
    self.manufacturingLocation = manufacturingLocation
  }
}

/// The number that ties labels to the set of DIMMs they were written on
/// (drivers/acpi/nfit/core.c:acpi_nfit_init_interleave_set, UEFI "NVDIMM Label Protocol", SetCookie).
public enum InterleaveCookie {
  /// For labels of version 1.1: `{u64 region_offset; u32 serial; u32 0}` for each member.
  public static func v11(_ members: [InterleaveMember]) -> UInt64 {
    cookie(members, size: 16) { fields, member in
      fields.set(member.regionOffset, at: 0, width: 8)
      fields.set(member.serial, at: 8, width: 4)
    }
  }

  /// For labels of version 1.2:
  /// `{u64 region_offset; u32 serial; u16 vendor; u16 mfg_date; u8 mfg_location; u8 0[31]}`.
  public static func v12(_ members: [InterleaveMember]) -> UInt64 {
    cookie(members, size: 48) { fields, member in
      fields.set(member.regionOffset, at: 0, width: 8)
      fields.set(member.serial, at: 8, width: 4)
      fields.set(member.vendor, at: 12, width: 2)
      fields.set(member.manufacturingDate, at: 14, width: 2)
      fields.set(member.manufacturingLocation, at: 16, width: 1)
    }
  }

  /// The cookie of old firmware for labels of version 1.1: the members in the order of their offsets' bytes, the lowest
  /// first (`altcookie`, nfit/core.c:cmp_map_compat).
  public static func alternate(_ members: [InterleaveMember]) -> UInt64 {
    let sorted = members.sorted { $0.regionOffset.byteSwapped < $1.regionOffset.byteSwapped }
    return fletcher64(sorted.flatMap(old))
  }

  /// Of a CXL region, for labels of any version: `{u64 offset; u64 serial}` for each device in the order of positions
  /// (drivers/cxl/pmem.c:cxl_pmem_region_probe).
  ///
  /// - Parameter members: The start of each device's part in its own address space, bytes, and its serial number.
  /// - Returns: The cookie.
  public static func cxl(_ members: [(offset: UInt64, serial: UInt64)]) -> UInt64 {
    fletcher64(
      members.flatMap { member -> [UInt8] in
        var fields = ByteFields(count: 16)
        fields.set(member.offset, at: 0, width: 8)
        fields.set(member.serial, at: 8, width: 8)
        return fields.bytes
      })
  }

  private static func old(_ member: InterleaveMember) -> [UInt8] {
    var fields = ByteFields(count: 16)
    fields.set(member.regionOffset, at: 0, width: 8)
    fields.set(member.serial, at: 8, width: 4)
    return fields.bytes
  }

  private static func cookie(
    _ members: [InterleaveMember], size: Int, fill: (inout ByteFields, InterleaveMember) -> Void
  ) -> UInt64 {
    let sorted = members.sorted { $0.regionOffset < $1.regionOffset }
    let bytes = sorted.flatMap { member -> [UInt8] in
      var fields = ByteFields(count: size)
      fill(&fields, member)
      return fields.bytes
    }
    return fletcher64(bytes)
  }
}
