/// The parameters of a CXL region: created again with the same devices in the same positions, the same number of ways
/// and granularity, a region has the same bytes at the same offsets, and libnvdimm finds the same labels and namespaces
/// on it (measured: Tests/VM/scenarios/89-cxl.sh). Its number and its UUID may be others.
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
  /// Of the whole region; nil if unknown: all that the devices have free.
  public var size: ByteCount?
  /// nil if unknown, or for volatile memory, which has none.
  public var uuid: DeviceUUID?

  public init(
    region: String, kind: CxlMemoryKind, window: String, granularity: UInt64, members: [Member],
    size: ByteCount? = nil, uuid: DeviceUUID? = nil
  ) {
    self.region = region
    self.kind = kind
    self.window = window
    self.granularity = granularity
    self.members = members
    self.size = size
    self.uuid = uuid
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
      members: names.map { Member(memdev: $0, serial: topology.memdev($0)?.serial) }, size: region.size,
      uuid: region.uuid)
  }

  /// The command line that creates it, as words.
  public var command: [String] {
    ["pmemctl", "region", "create"] + (kind == .pmem ? [] : ["--type", kind.rawValue])
      + ["--window", window, "--granularity", "\(granularity)"]
      + (size.map { ["--size", "\($0.rawValue)"] } ?? []) + members.map(\.memdev)
  }

  /// The same devices on this machine, whatever their names are now, and the name that the kernel would give it.
  ///
  /// - Parameter topology: Of the machine now.
  /// - Returns: nil if a device or the window is not there.
  public func present(in topology: CxlTopology) -> CxlRecipe? {
    var present = self
    for index in members.indices {
      let found = topology.memdevs.first { memdev in
        members[index].serial.map { memdev.serial == $0 } ?? (memdev.dev == members[index].memdev)
      }
      guard let found else { return nil }
      present.members[index].memdev = found.dev
    }
    guard let window = topology.windows.first(where: { $0.dev == window }) else { return nil }
    present.region = window.nextRegion ?? region
    return present
  }

  /// Whether a region consists of the same devices in the same order.
  ///
  /// - Parameter other: Of the machine now.
  /// - Returns: By serial numbers, where both have them.
  public func isSame(as other: CxlRecipe) -> Bool {
    kind == other.kind && granularity == other.granularity && members.count == other.members.count
      && zip(members, other.members).allSatisfy { mine, theirs in
        guard let own = mine.serial, let their = theirs.serial else { return mine.memdev == theirs.memdev }
        return own == their
      }
  }

  /// `mem1 (serial 4098), mem0 (serial 4097)`.
  public var devices: String {
    members.map { member in member.memdev + (member.serial.map { " (serial \($0))" } ?? "") }
      .joined(separator: ", ")
  }
}
