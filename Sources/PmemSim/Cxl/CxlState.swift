import PmemDevice

/// What drivers/cxl has in memory: memory of devices that is allocated to decoders, and regions. A reboot discards it, as
/// it resets the decoders.
struct CxlState: Hashable {
  /// A decoder of an endpoint to which memory is allocated.
  struct Decoder: Hashable {
    var kind: CxlMemoryKind
    /// First byte in the device's own address space.
    var start: UInt64
    /// Bytes.
    var size: UInt64
    /// Number of the region that it is a part of; nil once that is removed, until the decoders behind it are free.
    var region: Int?
  }

  /// A region, committed.
  struct Region: Hashable {
    var number: Int
    var window: Int
    var kind: CxlMemoryKind
    var granularity: UInt64
    var members: [Member]
    /// Physical address.
    var base: UInt64
    /// Bytes.
    var size: UInt64
    /// nil for volatile memory.
    var uuid: DeviceUUID?
  }

  /// A position of a region's interleave.
  struct Member: Hashable {
    var device: Int
    /// Number of the decoder of the device's endpoint.
    var decoder: Int
  }

  /// By device, then in the order of numbers.
  var decoders: [[Decoder]] = []
  /// By host bridge: the regions that the decoders of a host bridge have, nil for one that is free below
  /// one that is not.
  var bridges: [[Int?]] = []
  /// By number.
  var regions: [Region] = []
  /// By window: the number that its next region gets.
  var nextNumbers: [Int] = []
  /// Numbers below this have had a region since the boot: a process can have a dead mapping of one that is gone.
  var slots = 0

  /// No memory is allocated, and each window has the number of its next region.
  init(booting hardware: SimCxl, platformRegions: Int) {
    decoders = hardware.devices.map { _ in [] }
    bridges = (0..<hardware.bridgeCount).map { _ in [] }
    nextNumbers = hardware.windows.indices.map { platformRegions + $0 }
    slots = platformRegions
  }

  /// As on a machine without CXL.
  init() {}

  subscript(region number: Int) -> Region? { regions.first { $0.number == number } }
}
