public import PmemDevice

/// The CXL hardware of a simulated machine: memory devices below host bridges, and the windows that the platform gives them.
public struct SimCxl: Hashable, Sendable {
  /// A memory device (type 3), on a root port of its own.
  public struct Device: Hashable, Sendable {
    /// Its serial number, which no other device has.
    public var serial: UInt64
    /// Bytes of volatile memory, which comes first in the device's address space.
    public var ramSize: UInt64
    /// Bytes of persistent memory.
    public var pmemSize: UInt64
    /// Bytes of the label storage area; 0 without persistent memory.
    public var labelArea: UInt64
    /// Number of its host bridge.
    public var bridge: Int
    /// How many decoders its endpoint has: at most so many regions have a part of it.
    public var decoders: Int
    /// NUMA node.
    public var node: Int
    /// Its place among the DIMMs of CXL devices, which the kernel numbers as it finds them; nil: as the devices.
    public var dimmPlace: Int?

    public init(
      serial: UInt64, ramSize: UInt64 = 0, pmemSize: UInt64 = 0, labelArea: UInt64 = 0, bridge: Int = 0,
      decoders: Int = 4, node: Int = 0
    ) {
      self.serial = serial
      self.ramSize = ramSize
      self.pmemSize = pmemSize
      self.labelArea = labelArea
      self.bridge = bridge
      self.decoders = decoders
      self.node = node
    }

    /// Bytes of a kind.
    public func size(_ kind: CxlMemoryKind) -> UInt64 { kind == .pmem ? pmemSize : ramSize }
  }

  /// A range of physical addresses, in turns on one or several host bridges (ACPI 6.5, CEDT: CFMWS).
  public struct Window: Hashable, Sendable {
    /// Physical address.
    public var base: UInt64
    /// Bytes.
    public var size: UInt64
    /// Numbers of host bridges, in the order of the interleave.
    public var bridges: [Int]
    /// Bytes on each in turn.
    public var granularity: UInt64
    /// What it can have.
    public var kinds: Set<CxlMemoryKind>

    public init(
      base: UInt64, size: UInt64, bridges: [Int] = [0], granularity: UInt64 = 256,
      kinds: Set<CxlMemoryKind> = [.pmem, .ram]
    ) {
      self.base = base
      self.size = size
      self.bridges = bridges
      self.granularity = granularity
      self.kinds = kinds
    }
  }

  /// `memN`, by number.
  public var devices: [Device]
  /// `decoder0.N`, by number.
  public var windows: [Window]

  public init(devices: [Device] = [], windows: [Window] = []) {
    self.devices = devices
    self.windows = windows
  }

  public var isEmpty: Bool { devices.isEmpty && windows.isEmpty }

  /// How many host bridges there are: as many as are named.
  var bridgeCount: Int { (devices.map(\.bridge) + windows.flatMap(\.bridges)).max().map { $0 + 1 } ?? 0 }

  /// Devices below a host bridge, by number.
  func devices(below bridge: Int) -> [Int] { devices.indices.filter { devices[$0].bridge == bridge } }

  /// The ports are numbered first, then the endpoints (port.c:cxl_port_alloc).
  static func portName(ofBridge bridge: Int) -> String { "port\(bridge + 1)" }
  func endpointNumber(of device: Int) -> Int { bridgeCount + 1 + device }
  static func windowName(_ window: Int) -> String { "decoder0.\(window)" }
  static func memdevName(_ device: Int) -> String { "mem\(device)" }
}
