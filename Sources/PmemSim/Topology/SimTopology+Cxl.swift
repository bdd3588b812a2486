import PmemDevice

/// The CXL hardware in a machine's file, and its limits.
extension SimTopology {
  /// Windows lie above all DIMMs, at a multiple of this, as QEMU places them (hw/i386/pc.c).
  static let windowAlignment: UInt64 = 256 << 20

  var cxlLines: [RecordLine] {
    let devices = cxl.devices.map { device in
      var line = RecordLine("cxl-device")
      line.add("serial", device.serial)
      line.add("ram", device.ramSize)
      line.add("pmem", device.pmemSize)
      line.add("labels", device.labelArea)
      line.add("bridge", device.bridge)
      line.add("decoders", device.decoders)
      line.add("node", device.node)
      line.add("dimm-place", device.dimmPlace)
      return line
    }
    let windows = cxl.windows.map { window in
      var line = RecordLine("cxl-window")
      line.add("base", window.base)
      line.add("size", window.size)
      line.add("bridges", window.bridges.map(String.init).joined(separator: ","))
      line.add("granularity", window.granularity)
      line.add("kinds", window.kinds.map(\.rawValue).sorted().joined(separator: ","))
      return line
    }
    return devices + windows
  }

  static func device(
    _ line: RecordLine, of cxl: SimCxl, _ file: String
  ) throws(DeviceError) -> SimCxl.Device {
    var device = SimCxl.Device(
      serial: try line.integer("serial", file: file),
      ramSize: try line.integer("ram", in: RecordRange.bytes, file: file),
      pmemSize: try line.integer("pmem", in: RecordRange.bytes, file: file),
      labelArea: try line.integer("labels", in: RecordRange.bytes, file: file),
      bridge: try line.integer("bridge", file: file), decoders: try line.integer("decoders", file: file),
      node: try line.integer("node", file: file))
    device.dimmPlace = try line.optional("dimm-place", in: RecordRange.id, file: file)
    if let problem = cxl.problem(of: device) { throw wrong(line, file, problem) }
    return device
  }

  static func window(
    _ line: RecordLine, of cxl: SimCxl, beside topology: SimTopology, _ file: String
  ) throws(DeviceError) -> SimCxl.Window {
    let bridges = (line["bridges"] ?? "").split(separator: ",").map { Int($0) }
    let kinds = (line["kinds"] ?? "").split(separator: ",").map { CxlMemoryKind(rawValue: String($0)) }
    guard bridges.allSatisfy({ $0 != nil }), kinds.allSatisfy({ $0 != nil }) else {
      throw wrong(line, file, "bridges or kinds cannot be read")
    }
    let window = SimCxl.Window(
      base: try line.integer("base", in: 0...1 << 52, file: file),
      size: try line.integer("size", in: RecordRange.bytes, file: file), bridges: bridges.compactMap { $0 },
      granularity: try line.integer("granularity", file: file), kinds: Set(kinds.compactMap { $0 }))
    if let problem = cxl.problem(of: window) ?? topology.problem(of: window) {
      throw wrong(line, file, problem)
    }
    return window
  }

  /// Why this machine cannot have such a window; nil if it can.
  func problem(of window: SimCxl.Window) -> String? {
    let extent = Extent(offset: window.base, length: window.size)
    return regions.contains { Extent(offset: $0.base, length: $0.size).overlaps(extent) }
      ? "the window overlaps a region" : nil
  }
}

extension SimCxl {
  /// Each persistent device has two image files, each bridge a bus of QEMU's.
  static let mostDevices = 256
  static let mostBridges = 16
  static let mostBelowBridge = 15
  /// CXL 3.1, 8.2.4.20.1: HDM Decoder Capability, Decoder Count.
  static let mostDecoders = 32

  /// Why this hardware cannot have one more such device; nil if it can.
  func problem(of device: Device) -> String? {
    guard devices.count < Self.mostDevices else {
      return "a machine has at most \(Self.mostDevices) CXL devices"
    }
    guard device.ramSize <= RecordRange.bytes.upperBound, device.pmemSize <= RecordRange.bytes.upperBound,
      device.ramSize + device.pmemSize > 0
    else { return "a CXL device has 256 MiB to 1 PiB" }
    // Identify Memory Device gives both sizes in these units (CXL 3.1, 8.2.9.9.1.1).
    guard device.ramSize % CxlRegionRequest.unit == 0, device.pmemSize % CxlRegionRequest.unit == 0 else {
      return "the memory of a CXL device is a multiple of 256 MiB"
    }
    guard
      device.labelArea == 0 || (1024...16 << 20).contains(device.labelArea) && device.labelArea % 256 == 0,
      device.labelArea == 0 || device.pmemSize > 0
    else {
      return
        "a label area of \(device.labelArea) bytes is neither 0 nor a multiple of 256 from 1024 to 16 MiB"
    }
    guard (0..<Self.mostBridges).contains(device.bridge) else {
      return "host bridge \(device.bridge) is not between 0 and \(Self.mostBridges - 1)"
    }
    // Each has a bus of its own, behind that of its bridge.
    guard self.devices(below: device.bridge).count < Self.mostBelowBridge else {
      return "a host bridge has at most \(Self.mostBelowBridge) CXL devices"
    }
    guard (1...Self.mostDecoders).contains(device.decoders) else {
      return "a CXL device has 1 to \(Self.mostDecoders) decoders"
    }
    guard (0..<1024).contains(device.node) else { return "node \(device.node) is not between 0 and 1023" }
    return devices.contains { $0.serial == device.serial }
      ? "two CXL devices have the same serial number" : nil
  }

  /// Why this hardware cannot have one more such window; nil if it can.
  func problem(of window: Window) -> String? {
    let unit = CxlRegionRequest.unit
    guard windows.count < Self.mostBridges else {
      return "a machine has at most \(Self.mostBridges) CXL windows"
    }
    guard window.base % unit == 0, window.base <= 1 << 52 else {
      return "a window's address is not a multiple of 256 MiB below 2^52"
    }
    // ACPI 6.5, CEDT: a multiple of 256 MiB for each target.
    guard CxlRegionRequest.ways.contains(window.bridges.count),
      Set(window.bridges).count == window.bridges.count,
      window.bridges.allSatisfy((0..<Self.mostBridges).contains)
    else { return "a window is on 1, 2, 3, 4, 6, 8, 12 or 16 host bridges, each once" }
    guard window.size > 0, window.size <= RecordRange.bytes.upperBound,
      window.size % (unit * UInt64(window.bridges.count)) == 0
    else { return "the size of a window is a multiple of 256 MiB for each host bridge, up to 1 PiB" }
    guard CxlRegionRequest.granularities.contains(window.granularity) else {
      return "the granularity of a window is a power of two from 256 bytes to 16 KiB"
    }
    guard !window.kinds.isEmpty else { return "a window has pmem, ram, or both" }
    let extent = Extent(offset: window.base, length: window.size)
    return windows.contains { Extent(offset: $0.base, length: $0.size).overlaps(extent) }
      ? "two windows overlap" : nil
  }
}
