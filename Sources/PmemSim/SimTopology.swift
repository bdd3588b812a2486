public import PmemDevice
import PmemMedia

/// What a simulated machine is made of: the hardware, which no command changes.
public struct SimTopology: Hashable, Sendable {
  /// A DIMM: an image file, data first, label area last, as QEMU maps it.
  public struct Dimm: Hashable, Sendable {
    /// Of the data.
    public var size: UInt64
    /// Bytes of the label area; 0 for a DIMM without one.
    public var labelArea: UInt64
    public var node: Int
    public var serial: UInt32
    /// What ``SimMachine/create(_:topology:)`` initializes the label area with; nil leaves it blank. Not
    /// remembered: the media tell.
    public var initialLabels: LabelVersion?

    public init(
      size: UInt64, labelArea: UInt64, node: Int, serial: UInt32, initialLabels: LabelVersion? = nil
    ) {
      self.size = size
      self.labelArea = labelArea
      self.node = node
      self.serial = serial
      self.initialLabels = initialLabels
    }
  }

  /// A region: one DIMM, several interleaved, or a range that no DIMM is known for (e820).
  public struct Region: Hashable, Sendable {
    /// Indices of its DIMMs in order of position; empty for an e820 range.
    public var dimms: [Int]
    public var base: UInt64
    public var size: UInt64
    public var align: UInt64
    public var node: Int

    public init(dimms: [Int], base: UInt64, size: UInt64, align: UInt64, node: Int) {
      self.dimms = dimms
      self.base = base
      self.size = size
      self.align = align
      self.node = node
    }

    public var isE820: Bool { dimms.isEmpty }
    var ways: UInt64 { UInt64(max(1, dimms.count)) }
  }

  public var profile: KernelProfile
  public var dimms: [Dimm]
  public var regions: [Region]

  public init(profile: KernelProfile, dimms: [Dimm], regions: [Region]) {
    self.profile = profile
    self.dimms = dimms
    self.regions = regions
  }

  /// The serial numbers and vendor that QEMU gives to the DIMM in slot 0, 1, ... (hw/acpi/nvdimm.c).
  public static let firstSerial: UInt32 = 0x12_3456
  static let vendor: UInt16 = 0x8086

  /// The identity as Linux writes it: vendor, then serial, each byte-swapped (nfit/core.c:id_show).
  func identity(ofDimm index: Int) -> String {
    func hex(_ value: UInt32, _ width: Int) -> String {
      let text = String(value, radix: 16)
      return String(repeating: "0", count: width - text.count) + text
    }
    return hex(UInt32(Self.vendor.byteSwapped), 4) + "-" + hex(dimms[index].serial.byteSwapped, 8)
  }

  /// The interleave-set cookie of a region for labels of a version.
  func cookie(of region: Region, version: LabelVersion) -> UInt64 {
    // Every DIMM contributes the same length; NFIT region offsets follow the positions.
    let members = region.dimms.enumerated().map { position, index in
      InterleaveMember(
        regionOffset: UInt64(position) * (region.size / region.ways), serial: dimms[index].serial,
        vendor: Self.vendor)
    }
    return version == .v11 ? InterleaveCookie.v11(members) : InterleaveCookie.v12(members)
  }
}

/// The kernel whose rules a simulated machine follows.
public enum KernelProfile: String, CaseIterable, Hashable, Sendable {
  case v61 = "6.1"
  case v612 = "6.12"
  case v618 = "6.18"
}

extension SimTopology {
  static let header = "pmemctl-machine 1"

  var encoded: String {
    var kernel = RecordLine("kernel")
    kernel.add("profile", profile.rawValue)
    let dimmLines = dimms.map { dimm in
      var line = RecordLine("dimm")
      line.add("size", dimm.size)
      line.add("labels", dimm.labelArea)
      line.add("node", dimm.node)
      line.add("serial", dimm.serial)
      return line
    }
    let regionLines = regions.map { region in
      var line = RecordLine("region")
      line.add("base", region.base)
      line.add("size", region.size)
      line.add("align", region.align)
      line.add("node", region.node)
      if !region.isE820 { line.add("dimms", region.dimms.map(String.init).joined(separator: ",")) }
      return line
    }
    return RecordFile.text(header: Self.header, [kernel] + dimmLines + regionLines)
  }

  /// Reads a machine file, and checks that its parts fit each other.
  init(parsing text: String, file: String) throws(DeviceError) {
    self.init(profile: .v612, dimms: [], regions: [])
    for line in try RecordFile(text, header: Self.header, file: file).lines {
      switch line.kind {
      case "kernel":
        guard let profile = line["profile"].flatMap(KernelProfile.init(rawValue:)) else {
          throw DeviceError(.corrupt, "\(file), line \(line.number): the kernel profile is not known")
        }
        self.profile = profile
      case "dimm":
        dimms.append(
          Dimm(
            size: try line.integer("size", file: file), labelArea: try line.integer("labels", file: file),
            node: try line.integer("node", file: file), serial: try line.integer("serial", file: file)))
      case "region":
        let members = (line["dimms"] ?? "").split(separator: ",").map { Int($0) ?? -1 }
        regions.append(
          Region(
            dimms: members, base: try line.integer("base", file: file),
            size: try line.integer("size", file: file),
            align: try line.integer("align", file: file), node: try line.integer("node", file: file)))
      default:
        throw DeviceError(.corrupt, "\(file), line \(line.number): \"\(line.kind)\" is not known")
      }
    }
    try check(file)
  }

  private func check(_ file: String) throws(DeviceError) {
    for region in regions {
      let isKnown = region.dimms.allSatisfy { dimms.indices.contains($0) }
      guard isKnown, region.align >= 4096, region.size > 0, region.size < 1 << 50, region.base < 1 << 52,
        region.dimms.allSatisfy({ dimms[$0].size >= region.size / region.ways })
      else { throw DeviceError(.corrupt, "\(file): its regions do not fit its DIMMs") }
    }
    guard dimms.allSatisfy({ $0.labelArea <= 1 << 30 && $0.size < 1 << 50 }) else {
      throw DeviceError(.corrupt, "\(file): a DIMM has an impossible size")
    }
  }
}
