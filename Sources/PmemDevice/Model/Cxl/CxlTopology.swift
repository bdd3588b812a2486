/// All CXL memory of a machine at one moment: its devices, the windows of addresses, and the regions in these.
public struct CxlTopology: Hashable, Sendable {
  /// By number.
  public var memdevs: [CxlMemdev]
  /// By number.
  public var windows: [CxlWindow]

  public init(memdevs: [CxlMemdev] = [], windows: [CxlWindow] = []) {
    self.memdevs = memdevs
    self.windows = windows
  }

  /// A machine without CXL.
  public var isEmpty: Bool { memdevs.isEmpty && windows.isEmpty }

  public var regions: [CxlRegion] { windows.flatMap(\.regions) }

  /// By kernel name.
  public func memdev(_ dev: String) -> CxlMemdev? { memdevs.first { $0.dev == dev } }

  /// By kernel name.
  public func region(_ dev: String) -> CxlRegion? {
    for window in windows {
      if let found = window.regions.first(where: { $0.dev == dev }) { return found }
    }
    return nil
  }

  /// The device whose persistent memory a DIMM is; nil if it is no CXL device's.
  public func memdev(of dimm: DIMM) -> CxlMemdev? { memdevs.first { $0.dimm == dimm.dev } }

  /// The region whose memory a DAX device is; nil if it is of no volatile region.
  public func region(ofDevice chardev: String) -> CxlRegion? {
    regions.first { $0.daxDevices.contains(chardev) }
  }
}

extension Inventory {
  /// The CXL region under a region of libnvdimm: it has the same number, on the bus that is CXL's
  /// (drivers/cxl/pmem.c:cxl_nvb_probe).
  public func cxlRegion(of region: Region) -> CxlRegion? {
    guard !cxl.isEmpty, bus(of: region)?.provider == Bus.cxlProvider else { return nil }
    return cxl.region(region.dev)
  }

  /// libnvdimm's region of a CXL region; nil if there is none.
  public func region(of cxlRegion: CxlRegion) -> Region? {
    for bus in buses where bus.provider == Bus.cxlProvider {
      if let found = bus.regions.first(where: { $0.dev == cxlRegion.dev }) { return found }
    }
    return nil
  }

  /// The CXL region whose memory a DAX device is, by way of a namespace or not; nil if it is of none.
  public func cxlRegion(of device: DaxDeviceLocation) -> CxlRegion? {
    guard let namespace = device.namespace else { return cxl.region(ofDevice: device.device.chardev) }
    return region(of: namespace).flatMap(cxlRegion)
  }

  /// The DIMM of a memory device; nil if libnvdimm has none.
  public func dimm(of memdev: CxlMemdev) -> DIMM? {
    memdev.dimm.flatMap { name in dimms.first { $0.dev == name } }
  }
}

extension Bus {
  /// The provider name of CXL's persistent memory bus (drivers/cxl/pmem.c:cxl_nvb_probe).
  public static let cxlProvider = "CXL"
}
