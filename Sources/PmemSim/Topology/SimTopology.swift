public import PmemDevice
import PmemMedia

/// The hardware of a simulated machine, which no command changes.
public struct SimTopology: Hashable, Sendable {
  /// A DIMM: an image file, data first, label area last, as QEMU maps it.
  public struct Dimm: Hashable, Sendable {
    /// Of the data.
    public var size: UInt64
    /// Bytes of the label area; 0 for a DIMM without one.
    public var labelArea: UInt64
    /// NUMA node.
    public var node: Int
    /// Of no meaning for a CXL device, which has a serial number instead.
    public var identity: SimDimmIdentity
    /// Number of the CXL device whose persistent memory it is; nil for an NVDIMM, which the platform's table describes.
    public internal(set) var device: Int?
    /// Where its data begin in its own address space, bytes: behind the volatile memory of a CXL device.
    var start: UInt64 = 0
    /// The version with which ``SimMachine/create(_:topology:)`` initializes the label area; nil leaves it blank. Not
    /// saved: it is on the media.
    public var initialLabels: LabelVersion?

    public init(
      size: UInt64, labelArea: UInt64, node: Int, identity: SimDimmIdentity,
      initialLabels: LabelVersion? = nil
    ) {
      self.size = size
      self.labelArea = labelArea
      self.node = node
      self.identity = identity
      self.initialLabels = initialLabels
    }
  }

  /// A region: one DIMM, several interleaved, or a range that no DIMM is known for (e820).
  public struct Region: Hashable, Sendable {
    /// Who made it.
    enum Origin: Hashable {
      case platform
      /// drivers/cxl, when it was told to: with the start of its part on each DIMM, and bytes on each in turn.
      case cxl(offsets: [UInt64], granularity: UInt64)
      /// The same, of volatile memory: it is none of libnvdimm's, but DAX devices have it.
      case volatile
      /// There is no region of that number.
      case none
    }

    /// Indices of its DIMMs in order of position; empty for an e820 range.
    public var dimms: [Int]
    /// The start of its part on each of them, bytes.
    public var dimmOffset: UInt64
    /// Physical address.
    public var base: UInt64
    /// Bytes, of all its DIMMs together.
    public var size: UInt64
    /// The alignment of the extents of its namespaces, bytes.
    public var align: UInt64
    /// NUMA node.
    public var node: Int
    /// The interleave-set cookie, if it is not the one of the DIMMs' identities.
    public var cookie: UInt64?
    var origin = Origin.platform

    public init(
      dimms: [Int], dimmOffset: UInt64 = 0, base: UInt64, size: UInt64, align: UInt64, node: Int,
      cookie: UInt64? = nil
    ) {
      self.dimms = dimms
      self.dimmOffset = dimmOffset
      self.base = base
      self.size = size
      self.align = align
      self.node = node
      self.cookie = cookie
    }

    /// The place of a number that no region has.
    static let none: Region = {
      var region = Region(dimms: [], base: 0, size: 0, align: 4096, node: 0)
      region.origin = .none
      return region
    }()

    public var isE820: Bool { dimms.isEmpty && origin == .platform }
    var exists: Bool { origin != .none }
    var isCxl: Bool { if case .cxl = origin { true } else { false } }

    /// The start of its part on the DIMM at a position, in that DIMM's address space, bytes.
    func offset(at position: Int) -> UInt64 {
      guard case .cxl(let offsets, _) = origin else { return dimmOffset }
      return offsets[position]
    }

    /// The same, of one of its DIMMs.
    func offset(on dimm: Int) -> UInt64 { offset(at: dimms.firstIndex(of: dimm) ?? 0) }

    /// Bytes that follow each other on one DIMM.
    var granularity: UInt64 {
      guard case .cxl(_, let granularity) = origin else { return 4096 }
      return granularity
    }

    var ways: UInt64 { UInt64(max(1, dimms.count)) }
    /// The size of each DIMM's part.
    var share: UInt64 { size / ways }
  }

  public var profile: KernelProfile
  public var dimms: [Dimm]
  public var regions: [Region]
  public private(set) var cxl = SimCxl()

  public init(profile: KernelProfile, dimms: [Dimm], regions: [Region]) {
    self.profile = profile
    self.dimms = dimms
    self.regions = regions
  }

  /// Adds CXL hardware, once: what of its devices is persistent becomes DIMMs behind all others.
  ///
  /// - Parameters:
  ///   - cxl: The hardware.
  ///   - labels: By device, the version with which its label area is initialized; nil, or none, leaves it blank.
  mutating func add(_ cxl: SimCxl, labels: [LabelVersion?] = []) {
    self.cxl = cxl
    let inOrder = cxl.devices.enumerated().sorted { left, right in
      (left.element.dimmPlace ?? left.offset, left.offset) < (
        right.element.dimmPlace ?? right.offset, right.offset
      )
    }
    for (index, device) in inOrder where device.pmemSize > 0 {
      var dimm = Dimm(
        size: device.pmemSize, labelArea: device.labelArea, node: device.node,
        identity: SimDimmIdentity(vendor: 0, serial: 0),
        initialLabels: labels.indices.contains(index) ? labels[index] : nil)
      (dimm.device, dimm.start) = (index, device.ramSize)
      dimms.append(dimm)
    }
  }

  /// A DIMM's id as Linux writes it; of a CXL device, its serial number (drivers/cxl/pmem.c:id_show).
  public func id(ofDimm index: Int) -> String {
    dimms[index].device.map { "\(cxl.devices[$0].serial)" } ?? dimms[index].identity.text
  }

  /// Numbers of the DIMMs that CXL devices' persistent memory is.
  var dimmsByDevice: [Int: Int] {
    Dictionary(
      uniqueKeysWithValues: dimms.enumerated().compactMap { index, dimm in dimm.device.map { ($0, index) } })
  }

  /// The DIMM that a CXL device's persistent memory is; nil if it has none.
  func dimm(ofDevice device: Int) -> Int? { dimms.firstIndex { $0.device == device } }

  /// The interleave-set cookie of a region for labels of a version.
  func cookie(of region: Region, version: LabelVersion) -> UInt64 {
    if let cookie = region.cookie { return cookie }
    let members = members(of: region)
    return version == .v11 ? InterleaveCookie.v11(members) : InterleaveCookie.v12(members)
  }

  /// The cookie that labels of old firmware may have (`altcookie`).
  func alternateCookie(of region: Region) -> UInt64? {
    region.cookie == nil ? InterleaveCookie.alternate(members(of: region)) : nil
  }

  private func members(of region: Region) -> [InterleaveMember] {
    // Every DIMM contributes the same length; NFIT region offsets follow the positions.
    region.dimms.enumerated().map { position, index in
      let identity = dimms[index].identity
      return InterleaveMember(
        regionOffset: UInt64(position) * region.share, serial: identity.serial, vendor: identity.vendor,
        manufacturingDate: identity.manufacture?.date ?? 0,
        manufacturingLocation: identity.manufacture?.location ?? 0)
    }
  }
}

extension SimTopology {
  /// The buses of libnvdimm.
  enum BusKind {
    /// The platform's table of NVDIMMs.
    case nfit
    case e820
    case cxl
  }

  /// By number. A machine without CXL has a table of NVDIMMs, if an empty one.
  var buses: [BusKind] {
    let hasTable = cxl.isEmpty || dimms.contains { $0.device == nil }
    return (hasTable ? [.nfit] : []) + (regions.contains(where: \.isE820) ? [.e820] : [])
      + (cxl.isEmpty ? [] : [.cxl])
  }
}

/// The kernel whose rules a simulated machine follows.
public enum KernelProfile: String, CaseIterable, Hashable, Sendable {
  case v45 = "4.5"
  case v412 = "4.12"
  case v420 = "4.20"
  case v518 = "5.18"
  case v61 = "6.1"
  case v612 = "6.12"
  case v618 = "6.18"

  public var rules: KernelRules { KernelRules(rawValue) }

  /// The default.
  public static let standard = KernelProfile.v612

  /// The profile for a kernel: the newest that is not newer than it, else the oldest.
  public init(nearest release: String) {
    let version = KernelVersion(release)
    self = Self.allCases.last { KernelVersion($0.rawValue) <= version } ?? .v45
  }
}

extension SimTopology {
  static let header = "pmemctl-machine 1"

  var encoded: String {
    var kernel = RecordLine("kernel")
    kernel.add("profile", profile.rawValue)
    let dimmLines = dimms.filter { $0.device == nil }.map { dimm in
      var line = RecordLine("dimm")
      line.add("size", dimm.size)
      line.add("labels", dimm.labelArea)
      line.add("node", dimm.node)
      line.add("id", dimm.identity.text)
      return line
    }
    let regionLines = regions.map { region in
      var line = RecordLine("region")
      line.add("base", region.base)
      line.add("size", region.size)
      line.add("align", region.align)
      line.add("node", region.node)
      if !region.isE820 { line.add("dimms", region.dimms.map(String.init).joined(separator: ",")) }
      if region.dimmOffset != 0 { line.add("dimm-offset", region.dimmOffset) }
      line.add("cookie", region.cookie)
      return line
    }
    return RecordFile.text(header: Self.header, [kernel] + dimmLines + regionLines + cxlLines)
  }
}
