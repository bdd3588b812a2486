public import PmemDevice

/// The care of DIMMs and buses: scrubs, firmware, injected errors, keys.
extension SimBackend {
  public func setCookie(of region: Region) throws(DeviceError) -> UInt64? {
    let nvdimm = nvdimm
    return try rawMedia("the region", "ask") { () throws -> UInt64? in
      guard nvdimm.topology.regions.indices.contains(region.id) else { return nil }
      let hardware = nvdimm.topology.regions[region.id]
      guard !hardware.isE820, !hardware.dimms.contains(where: nvdimm.disabledDimms.contains) else {
        return nil
      }
      return nvdimm.topology.cookie(of: hardware, version: nvdimm.labelVersion(region.id))
    }
  }

  private var nvdimm: NvdimmModel { machine.kernel.nvdimm }

  public func scrubs(of buses: [Bus]) throws(DeviceError) -> [BusScrub] {
    let nvdimm = nvdimm
    return try rawMedia("the buses", "ask") { () throws -> [BusScrub] in
      try buses.map { nvdimm.scrub(ofBus: try Self.bus($0.dev, nvdimm)) }
    }
  }

  public func firmware(of dimms: [DIMM]) throws(DeviceError) -> [FirmwareReading] {
    let nvdimm = nvdimm
    return try rawMedia("the DIMMs", "ask") { () throws -> [FirmwareReading] in
      try dimms.map { nvdimm.firmware(try Self.dimm($0.dev, nvdimm)) }
    }
  }

  public func activation(of buses: [Bus]) throws(DeviceError) -> [FirmwareActivation] {
    let nvdimm = nvdimm
    return try rawMedia("the buses", "ask") { () throws -> [FirmwareActivation] in
      try buses.map { nvdimm.activation(ofBus: try Self.bus($0.dev, nvdimm)) }
    }
  }

  public func injectedErrors(of namespaces: [Namespace]) throws(DeviceError) -> [[Extent]?] {
    let nvdimm = nvdimm
    return try rawMedia("the namespaces", "ask") { () throws -> [[Extent]?] in
      try namespaces.map { namespace in
        guard !nvdimm.topology.regions[namespace.regionID].isE820 else { return nil }
        return try nvdimm.injectedErrors(namespace.regionID, namespace.id)
      }
    }
  }

  public func injectableHealth(of dimms: [DIMM]) throws(DeviceError) -> [Set<HealthInjection.Kind>] {
    let nvdimm = nvdimm
    return try rawMedia("the DIMMs", "ask") { () throws -> [Set<HealthInjection.Kind>] in
      try dimms.map { nvdimm.media.health.injectable(of: try Self.dimm($0.dev, nvdimm)) }
    }
  }

  public func alarms(of dimms: [DIMM]) throws(DeviceError) -> [AlarmSettings] {
    let nvdimm = nvdimm
    return try rawMedia("the DIMMs", "ask") { () throws -> [AlarmSettings] in
      try dimms.map { nvdimm.media.health.alarms(of: try Self.dimm($0.dev, nvdimm)) }
    }
  }

  /// The host of a simulated machine needs no keyring: its keys are where its DIMMs are.
  public func loadKeys(of dimms: [DIMM], from directory: String?) throws(DeviceError) -> LoadedKeys {
    let security = nvdimm.media.security
    let keys = dimms.enumerated().filter { security[$0.offset]?.currentKey != nil }
    return LoadedKeys(
      directory: "the machine's file \"security\"", master: security.hasMasterKey ? .present : nil,
      keys: keys.map { LoadedKeys.Key(id: $0.element.id ?? "", dimm: $0.element.dev, outcome: .present) })
  }

  static func performCare(_ step: Step, on nvdimm: NvdimmModel) throws {
    switch step {
    case .startScrub(let name): try nvdimm.startScrub(bus: try bus(name, nvdimm))
    case .injectErrors(let name, let extent, let isSilent):
      let (region, id) = try namespace(name, nvdimm)
      guard !nvdimm.topology.regions[region].isE820 else {
        throw KernelRefusal(95, "the e820 bus has no command for it")
      }
      try nvdimm.spoil(region, id, extent, isInjected: true, isSilent: isSilent)
    case .withdrawErrors(let name, let extent):
      let (region, id) = try namespace(name, nvdimm)
      try nvdimm.withdrawErrors(region, id, extent)
    case .injectHealth(let name, let injection): try nvdimm.inject(injection, into: try dimm(name, nvdimm))
    case .setAlarms(let name, let settings): try nvdimm.set(settings, of: try dimm(name, nvdimm))
    case .firmware(let name, let operation): try nvdimm.perform(operation, on: try dimm(name, nvdimm))
    case .activateFirmware(let name, _): try nvdimm.activateFirmware(bus: try bus(name, nvdimm))
    default: break
    }
  }
}
