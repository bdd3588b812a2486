public import PmemDevice

/// A DIMM as a person describes it to `sim create`.
public struct SimDimmRequest: Hashable, Sendable {
  public var size: ByteCount
  /// 0 for none.
  public var labelArea: ByteCount
  /// nil: the area is blank, as a DIMM comes from the factory; the region is label-less until it is initialized.
  public var labelVersion: LabelVersion?
  /// NUMA node.
  public var node: Int
  /// DIMMs with the same one are interleaved.
  public var set: String?
  /// QEMU's slot, which determines its serial number and so the cookies of its interleave sets; nil: its index among
  /// the DIMMs.
  public var slot: Int?

  public init(
    size: ByteCount, labelArea: ByteCount = .kibibytes(128), labelVersion: LabelVersion? = .v12,
    node: Int = 0, set: String? = nil, slot: Int? = nil
  ) {
    self.size = size
    self.labelArea = labelArea
    self.labelVersion = labelVersion
    self.node = node
    self.set = set
    self.slot = slot
  }
}

/// An e820 range: persistent memory that no table names a DIMM for.
public struct SimRangeRequest: Hashable, Sendable {
  public var size: ByteCount
  /// NUMA node.
  public var node: Int

  public init(size: ByteCount, node: Int = 0) {
    self.size = size
    self.node = node
  }
}

extension SimTopology {
  /// Lays DIMMs and ranges out as QEMU does: NVDIMMs one behind the other above 6 GiB, e820 ranges at 1 GiB.
  ///
  /// - Parameters:
  ///   - dimms: In the order of their slots.
  ///   - ranges: e820 ranges.
  ///   - cxl: CXL devices, and windows above everything else.
  ///   - align: Of every region; nil for the kernel's default.
  ///   - profile: Whose rules to follow.
  /// - Throws: `DeviceError.Code.usage` for what no machine can have.
  public init(
    dimms: [SimDimmRequest], ranges: [SimRangeRequest], cxl: SimCxlRequest = SimCxlRequest(), align: UInt64?,
    profile: KernelProfile
  ) throws(DeviceError) {
    guard !dimms.isEmpty || !ranges.isEmpty || !cxl.devices.isEmpty || !cxl.windows.isEmpty else {
      throw DeviceError(
        .usage, "a simulated machine needs at least one --dimm, --e820 or --cxl-memdev",
        try: ["pmemctl sim create DIR --dimm 2GiB --dimm 4GiB"])
    }
    for dimm in dimms { try dimm.check() }
    for range in ranges { try SimDimmRequest.check(size: range.size, of: "an e820 range") }
    guard dimms.count <= Self.mostParts, ranges.count <= Self.mostParts else {
      throw DeviceError(
        .usage, "a simulated machine has at most \(Self.mostParts) DIMMs and as many e820 ranges")
    }
    let slots = try Self.slots(dimms)
    self.init(profile: profile, dimms: [], regions: [])
    self.dimms = dimms.enumerated().map { index, dimm in
      Dimm(
        size: dimm.size.rawValue, labelArea: dimm.labelArea.rawValue, node: dimm.node,
        identity: .qemu(slot: slots[index]), initialLabels: dimm.labelVersion)
    }
    var base: UInt64 = 6 << 30
    for members in Self.sets(dimms) {
      let size = try Self.size(ofSet: members.map { dimms[$0] })
      let aligned = (base + (2 << 20) - 1) / (2 << 20) * (2 << 20)
      regions.append(
        try region(members, base: aligned, size: size, align: align, node: dimms[members[0]].node))
      base = aligned + size
    }
    var low: UInt64 = 1 << 30
    for range in ranges {
      regions.append(
        try region([], base: low, size: range.size.rawValue, align: align, node: range.node))
      low += (range.size.rawValue + (16 << 20) - 1) / (16 << 20) * (16 << 20)
    }
    guard ranges.isEmpty || low <= 3 << 30 else {
      throw DeviceError(.usage, "e820 ranges do not fit: they lie between 1 GiB and 3 GiB")
    }
    add(try cxl.hardware(from: base, profile: profile), labels: cxl.devices.map(\.labelVersion))
  }

  /// The slot of each DIMM; no two have the same.
  private static func slots(_ dimms: [SimDimmRequest]) throws(DeviceError) -> [Int] {
    let slots = dimms.enumerated().map { $1.slot ?? $0 }
    for (index, slot) in slots.enumerated() where slots[..<index].contains(slot) {
      throw DeviceError(
        .usage, "two DIMMs are in slot \(slot)",
        details: ["a DIMM without slot= is in the slot of its index, counted from 0"])
    }
    return slots
  }

  /// DIMMs of a set together, in the order in which they were first named.
  private static func sets(_ dimms: [SimDimmRequest]) -> [[Int]] {
    var sets: [(name: String?, members: [Int])] = []
    for (index, dimm) in dimms.enumerated() {
      if let name = dimm.set, let own = sets.firstIndex(where: { $0.name == name }) {
        sets[own].members.append(index)
      } else {
        sets.append((dimm.set, [index]))
      }
    }
    return sets.map(\.members)
  }

  private static func size(ofSet members: [SimDimmRequest]) throws(DeviceError) -> UInt64 {
    guard Set(members.map(\.size)).count == 1, Set(members.map(\.labelArea)).count == 1,
      Set(members.map(\.labelVersion)).count == 1, Set(members.map(\.node)).count == 1
    else {
      throw DeviceError(
        .usage,
        "the DIMMs of interleave set \"\(members[0].set ?? "")\" differ: size, label area and node must be equal"
      )
    }
    return members[0].size.rawValue * UInt64(members.count)
  }

  private func region(
    _ members: [Int], base: UInt64, size: UInt64, align: UInt64?, node: Int
  ) throws(DeviceError) -> Region {
    let ways = UInt64(max(1, members.count))
    let chosen = align ?? Self.defaultAlign(size: size, ways: ways, profile)
    // region_devs.c:align_store
    let share = chosen / ways
    guard members.count <= RegionMapping.most, size <= RecordRange.bytes.upperBound, base + size <= 1 << 52
    else {
      throw DeviceError(
        .usage,
        "a region of \(ByteCount(size)) on \(counted(ways, "DIMM")) at 0x\(String(base, radix: 16)) is not possible",
        details: ["at most \(RegionMapping.most) DIMMs and 1 PiB each, below 2^52"])
    }
    guard chosen % ways == 0, share >= 4096, share & (share - 1) == 0, chosen <= size else {
      throw DeviceError(
        .usage,
        "a region of \(ByteCount(size)) on \(counted(ways, "DIMM")) cannot have an alignment of \(ByteCount(chosen))",
        details: ["the share of each DIMM must be a power of two, at least 4 KiB"])
    }
    return Region(dimms: members, base: base, size: size, align: chosen, node: node)
  }
}

extension SimDimmRequest {
  fileprivate func check() throws(DeviceError) {
    try Self.check(size: size, of: "a DIMM")
    guard labelArea == .zero || (labelArea.rawValue >= 1024 && labelArea.rawValue <= 16 << 20) else {
      throw DeviceError(
        .usage, "a label area of \(labelArea) is not possible: it takes 1 KiB to 16 MiB, or none")
    }
    guard labelArea.isMultiple(of: 4096) || labelArea == .zero || labelArea.isMultiple(of: 256) else {
      throw DeviceError(.usage, "a label area of \(labelArea) is not a multiple of 256 bytes")
    }
    guard (0..<1024).contains(node) else {
      throw DeviceError(.usage, "NUMA node \(node) is not between 0 and 1023")
    }
    // include/hw/acpi/acpi.h:ACPI_MAX_RAM_SLOTS
    guard (0..<256).contains(slot ?? 0) else {
      throw DeviceError(.usage, "slot \(slot ?? 0) is not between 0 and 255")
    }
  }

  fileprivate static func check(size: ByteCount, of what: String) throws(DeviceError) {
    guard size >= .mebibytes(1), size <= .gibibytes(256 << 10), size.isMultiple(of: 4096) else {
      throw DeviceError(
        .usage, "\(what) of \(size.exact) is not possible: it takes 1 MiB to 256 TiB, a multiple of 4 KiB")
    }
  }
}
