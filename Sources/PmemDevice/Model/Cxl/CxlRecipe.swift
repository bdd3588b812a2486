/// The parameters of a CXL region: created again with the same devices in the same positions, the same number of ways
/// and granularity, a region has the same bytes at the same offsets, and libnvdimm finds the same labels and namespaces
/// on it (measured: Tests/VM/scenarios/89-cxl.sh). Its number and its UUID change.
public struct CxlRecipe: Hashable, Sendable {
  /// A device: its kernel name, which another boot may give to another device, and its serial number.
  public struct Member: Hashable, Sendable {
    public var memdev: String
    /// nil if it cannot be read.
    public var serial: UInt64?

    public init(memdev: String, serial: UInt64?) {
      self.memdev = memdev
      self.serial = serial
    }
  }

  /// Kernel name of the region.
  public var region: String
  public var kind: CxlMemoryKind
  /// The root decoder that it is in.
  public var window: String
  /// Bytes that follow each other on one device.
  public var granularity: UInt64
  /// In the order of their positions.
  public var members: [Member]

  public init(region: String, kind: CxlMemoryKind, window: String, granularity: UInt64, members: [Member]) {
    self.region = region
    self.kind = kind
    self.window = window
    self.granularity = granularity
    self.members = members
  }

  /// nil if a parameter is unknown: incomplete parameters would describe another region.
  public init?(_ region: CxlRegion, in topology: CxlTopology) {
    guard let kind = region.kind, let ways = region.ways, let granularity = region.granularity,
      region.members.count == ways
    else { return nil }
    let names = region.members.compactMap(\.memdev)
    guard names.count == ways, Set(names).count == ways else { return nil }
    self.init(
      region: region.dev, kind: kind, window: region.window, granularity: granularity,
      members: names.map { Member(memdev: $0, serial: topology.memdev($0)?.serial) })
  }

  /// The command line of cxl-cli that creates it, as words.
  public var command: [String] {
    [
      "cxl", "create-region", "-t", kind.rawValue, "-d", window, "-w", "\(members.count)", "-g",
      "\(granularity)", "-m",
    ]
      + members.map(\.memdev)
  }

  /// `mem1 (serial 4098), mem0 (serial 4097)`.
  public var devices: String {
    members.map { member in member.memdev + (member.serial.map { " (serial \($0))" } ?? "") }
      .joined(separator: ", ")
  }
}
