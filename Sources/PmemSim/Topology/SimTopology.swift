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
    public var identity: SimDimmIdentity
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

    public var isE820: Bool { dimms.isEmpty }
    var ways: UInt64 { UInt64(max(1, dimms.count)) }
    /// The size of each DIMM's part.
    var share: UInt64 { size / ways }
  }

  public var profile: KernelProfile
  public var dimms: [Dimm]
  public var regions: [Region]

  public init(profile: KernelProfile, dimms: [Dimm], regions: [Region]) {
    self.profile = profile
    self.dimms = dimms
    self.regions = regions
  }

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
    let dimmLines = dimms.map { dimm in
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
    return RecordFile.text(header: Self.header, [kernel] + dimmLines + regionLines)
  }
}
