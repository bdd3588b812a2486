import Glibc
public import PmemDevice

/// The care of DIMMs and buses: scrubs, firmware, injected errors.
extension NdctlBackend {
  public func scrubs(of buses: [Bus]) throws(DeviceError) -> [BusScrub] {
    try withContext { context throws(DeviceError) in
      var found: [BusScrub] = []
      for bus in buses { found.append(try Self.bus(bus.dev, context).scrub) }
      return found
    }
  }

  public func firmware(of dimms: [DIMM]) throws(DeviceError) -> [FirmwareReading] {
    try withContext { context throws(DeviceError) in
      let handles = context.buses.flatMap(\.dimms)
      return dimms.map { dimm in
        handles.first { $0.dev == dimm.dev }?.firmware ?? .failed("it is no longer there")
      }
    }
  }

  public func activation(of buses: [Bus]) throws(DeviceError) -> [FirmwareActivation] {
    try withContext { context throws(DeviceError) in
      var found: [FirmwareActivation] = []
      for bus in buses { found.append(try Self.bus(bus.dev, context).activation) }
      return found
    }
  }

  public func injectedErrors(of namespaces: [Namespace]) throws(DeviceError) -> [[Extent]?] {
    try withContext { context throws(DeviceError) in
      var found: [[Extent]?] = []
      for namespace in namespaces {
        let owner = context.buses.first { bus in
          bus.regions.contains { $0.dev == "region\(namespace.regionID)" }
        }
        guard owner?.hasErrorInjection == true else {
          found.append(nil)
          continue
        }
        let handle = try Self.namespace(namespace.dev, context)
        do throws(RawModeError) { found.append(try handle.injectedErrors()) } catch {
          throw DeviceError(
            DeviceError.Code(errno: error.errno),
            "cannot read the injected errors of \(namespace.dev): \(NdctlContext.text(error.errno))",
            errno: error.errno)
        }
      }
      return found
    }
  }

  public func injectableHealth(of dimms: [DIMM]) throws(DeviceError) -> [Set<HealthInjection.Kind>] {
    try withContext { context throws(DeviceError) in
      var found: [Set<HealthInjection.Kind>] = []
      for dimm in dimms { found.append(try Self.dimm(dimm.dev, context).injectableHealth) }
      return found
    }
  }

  public func setCookie(of region: Region) throws(DeviceError) -> UInt64? {
    attribute("/sys/bus/nd/devices/\(region.dev)/set_cookie").flatMap { text in
      text.hasPrefix("0x") ? UInt64(text.dropFirst(2), radix: 16) : UInt64(text)
    }
  }

  public func alarms(of dimms: [DIMM]) throws(DeviceError) -> [AlarmSettings] {
    try withContext { context throws(DeviceError) in
      var found: [AlarmSettings] = []
      for dimm in dimms { found.append(try Self.dimm(dimm.dev, context).alarms) }
      return found
    }
  }

  static func bus(_ name: String, _ context: NdctlContext) throws(DeviceError) -> BusHandle {
    if let found = context.buses.first(where: { $0.dev == name }) { return found }
    throw DeviceError(.notFound, "\(name) is no longer there", errno: ENXIO)
  }
}
