/// A region of a list: libnvdimm's, a CXL region, or one that is both.
public struct ListedRegion: Hashable, Sendable {
  /// nil for a CXL region that libnvdimm has not: volatile memory, or nothing that is in use.
  public var region: Region?
  /// nil for memory that is no CXL device's.
  public var cxl: CxlRegion?

  public init(region: Region?, cxl: CxlRegion?) {
    self.region = region
    self.cxl = cxl
  }

  public var dev: String { region?.dev ?? cxl?.dev ?? "" }
  public var size: ByteCount? { region?.size ?? cxl?.size }
}

/// A memory device of a list: libnvdimm's DIMM, a CXL device, or one that is both.
public struct ListedDimm: Hashable, Sendable {
  /// nil for a CXL device without persistent memory, or of which libnvdimm knows nothing.
  public var dimm: DIMM?
  /// nil for a device that is not CXL's.
  public var memdev: CxlMemdev?

  public init(dimm: DIMM?, memdev: CxlMemdev?) {
    self.dimm = dimm
    self.memdev = memdev
  }

  public var dev: String { dimm?.dev ?? memdev?.dev ?? "" }
  public var id: String? { dimm?.id ?? memdev?.id }
}

extension Inventory {
  /// libnvdimm's regions, each with its CXL region, then the other CXL regions.
  public var listedRegions: [ListedRegion] {
    var listed = regions.map { ListedRegion(region: $0, cxl: cxlRegion(of: $0)) }
    let shown = Set(listed.compactMap { $0.cxl?.dev })
    for region in cxl.regions where !shown.contains(region.dev) {
      listed.append(ListedRegion(region: nil, cxl: region))
    }
    return listed
  }

  /// libnvdimm's DIMMs, each with its CXL device, then the other CXL devices.
  public var listedDimms: [ListedDimm] {
    let owners = Dictionary(
      cxl.memdevs.compactMap { memdev in memdev.dimm.map { ($0, memdev) } },
      uniquingKeysWith: { first, _ in first })
    let known = dimms.map { ListedDimm(dimm: $0, memdev: owners[$0.dev]) }
    let shown = Set(known.compactMap { $0.memdev?.dev })
    return known + cxl.memdevs.filter { !shown.contains($0.dev) }.map { ListedDimm(dimm: nil, memdev: $0) }
  }
}

extension NameResolver {
  /// As ``regions(_:onBus:)``, and CXL regions that libnvdimm has not: these are on no bus of its.
  ///
  /// - Parameters:
  ///   - names: `region0` or `0`; empty or `all` for every one.
  ///   - busName: Only those on this bus; nil for all.
  /// - Returns: In the order given, each once.
  /// - Throws: ``DeviceError/Code/notFound`` for the first name that nothing answers to.
  public func listedRegions(_ names: [String], onBus busName: String?) throws(DeviceError) -> [ListedRegion] {
    guard busName == nil else {
      return try regions(names, onBus: busName).map {
        ListedRegion(region: $0, cxl: inventory.cxlRegion(of: $0))
      }
    }
    return try Self.select(names, from: inventory.listedRegions, kind: "region", named: \.dev) {
      region, name in
      region.dev == name || region.dev == "region\(name)"
    }
  }

  /// As ``dimms(_:onBus:)``, and CXL devices that libnvdimm has not.
  ///
  /// - Parameters:
  ///   - names: `nmem0`, `0`, an id, `mem0`, or the PCI address of a CXL device; empty or `all` for every one.
  ///   - busName: Only those on this bus; nil for all.
  /// - Returns: In the order given, each once.
  /// - Throws: ``DeviceError/Code/notFound`` or ``DeviceError/Code/ambiguous`` for the first bad name.
  public func listedDimms(_ names: [String], onBus busName: String?) throws(DeviceError) -> [ListedDimm] {
    guard busName == nil else {
      return try dimms(names, onBus: busName).map { dimm in
        ListedDimm(dimm: dimm, memdev: inventory.cxl.memdev(of: dimm))
      }
    }
    return try Self.select(names, from: inventory.listedDimms, kind: "DIMM", named: \.dev) { listed, name in
      [listed.dev, listed.id, listed.memdev?.dev, listed.memdev?.host].contains(name)
        || listed.dimm?.dev == "nmem\(name)"
    }
  }

  /// CXL memory devices by any name that they have.
  ///
  /// - Parameter names: `mem0`, the DIMM's `nmem0` or `0`, a serial number, or a PCI address; `all` for every one.
  /// - Returns: In the order given; one that is named twice is there twice.
  /// - Throws: ``DeviceError/Code/notFound`` or ``DeviceError/Code/ambiguous`` for the first bad name, and
  ///   ``DeviceError/Code/unsupported`` for a DIMM that is no CXL device.
  public func memdevs(_ names: [String]) throws(DeviceError) -> [CxlMemdev] {
    guard names != ["all"] else { return inventory.cxl.memdevs }
    var found: [CxlMemdev] = []
    for name in names {
      for listed in try listedDimms([name], onBus: nil) {
        guard let memdev = listed.memdev else {
          throw DeviceError(
            .unsupported, "\(listed.dev) is no CXL memory device: the platform made its regions",
            try: ["pmemctl dimm list"])
        }
        found.append(memdev)
      }
    }
    return found
  }

  private static func select<Thing: Hashable>(
    _ names: [String], from pool: [Thing], kind: String, named: (Thing) -> String,
    answers: (Thing, String) -> Bool
  ) throws(DeviceError) -> [Thing] {
    guard !names.isEmpty, !names.contains("all") else { return pool }
    var found: [Thing] = []
    for name in names {
      let matches = pool.filter { answers($0, name) }
      guard let match = matches.first else { throw notFound(kind, name, known: pool.map(named)) }
      guard matches.count == 1 else { throw ambiguous(kind, name, candidates: matches.map(named)) }
      if !found.contains(match) { found.append(match) }
    }
    return found
  }
}
