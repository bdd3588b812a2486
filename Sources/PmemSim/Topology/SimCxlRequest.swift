public import PmemDevice

/// A CXL memory device as a person describes it to `sim create`.
public struct SimCxlDeviceRequest: Hashable, Sendable {
  public var size: ByteCount
  public var kind: CxlMemoryKind
  /// Of persistent memory; 0 for none.
  public var labelArea: ByteCount
  /// The version with which it is initialized; nil leaves it blank.
  public var labelVersion: LabelVersion?
  /// Number of its host bridge.
  public var bridge: Int
  /// How many its endpoint has.
  public var decoders: Int
  /// nil: 0x1001 and its index among the devices.
  public var serial: UInt64?
  /// NUMA node.
  public var node: Int

  public init(
    size: ByteCount, kind: CxlMemoryKind = .pmem, labelArea: ByteCount = .kibibytes(128),
    labelVersion: LabelVersion? = .v12, bridge: Int = 0, decoders: Int = 4, serial: UInt64? = nil,
    node: Int = 0
  ) {
    self.size = size
    self.kind = kind
    self.labelArea = labelArea
    self.labelVersion = labelVersion
    self.bridge = bridge
    self.decoders = decoders
    self.serial = serial
    self.node = node
  }
}

/// A window as a person describes it to `sim create`.
public struct SimCxlWindowRequest: Hashable, Sendable {
  public var size: ByteCount
  /// Numbers of host bridges, in the order of the interleave.
  public var bridges: [Int]
  /// Bytes.
  public var granularity: UInt64
  public var kinds: Set<CxlMemoryKind>

  public init(
    size: ByteCount, bridges: [Int] = [0], granularity: UInt64 = 256,
    kinds: Set<CxlMemoryKind> = Set(CxlMemoryKind.allCases)
  ) {
    self.size = size
    self.bridges = bridges
    self.granularity = granularity
    self.kinds = kinds
  }
}

/// The CXL hardware of a machine that is to be created.
public struct SimCxlRequest: Hashable, Sendable {
  public var devices: [SimCxlDeviceRequest]
  public var windows: [SimCxlWindowRequest]

  public init(devices: [SimCxlDeviceRequest] = [], windows: [SimCxlWindowRequest] = []) {
    self.devices = devices
    self.windows = windows
  }

  /// - Parameters:
  ///   - base: The lowest address for windows.
  ///   - profile: Whose rules to follow.
  /// - Returns: The hardware; windows lie one behind the other.
  /// - Throws: ``DeviceError/Code/usage`` for what no machine can have.
  func hardware(from base: UInt64, profile: KernelProfile) throws(DeviceError) -> SimCxl {
    var hardware = SimCxl()
    guard !devices.isEmpty || !windows.isEmpty else { return hardware }
    guard profile.rules.hasCxlRegions else {
      throw DeviceError(
        .usage, "kernel \(profile.rawValue) has no CXL regions",
        details: ["they came with 6.0: use --kernel 6.1 or a newer one"])
    }
    guard !devices.isEmpty else {
      throw DeviceError(
        .usage, "--cxl-window: there is no CXL device that could use it", try: ["pmemctl sim create --help"])
    }
    for (index, device) in devices.enumerated() {
      let isPersistent = device.kind == .pmem
      let made = SimCxl.Device(
        serial: device.serial ?? 0x1001 + UInt64(index), ramSize: isPersistent ? 0 : device.size.rawValue,
        pmemSize: isPersistent ? device.size.rawValue : 0,
        labelArea: isPersistent ? device.labelArea.rawValue : 0, bridge: device.bridge,
        decoders: device.decoders, node: device.node)
      if let problem = hardware.problem(of: made) { throw DeviceError(.usage, "--cxl-memdev: \(problem)") }
      hardware.devices.append(made)
    }
    let unit = SimTopology.windowAlignment
    var cursor = (base + unit - 1) / unit * unit
    for window in windows {
      let made = SimCxl.Window(
        base: cursor, size: window.size.rawValue, bridges: window.bridges, granularity: window.granularity,
        kinds: window.kinds)
      if let problem = hardware.problem(of: made) { throw DeviceError(.usage, "--cxl-window: \(problem)") }
      hardware.windows.append(made)
      cursor += (made.size + unit - 1) / unit * unit
    }
    return hardware
  }
}
