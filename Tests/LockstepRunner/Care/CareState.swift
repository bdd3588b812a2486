import PmemDevice

/// The state of one machine that care changes, by position. What nfit_test does otherwise than DIMMs do is left out: its
/// alarms do not follow the values, it counts no dirty shutdown, and the version of what is staged is a constant.
struct CareState: Equatable {
  struct Dimm: Equatable {
    var isEnabled: Bool
    var security: DimmSecurity.State?
    var isFrozen: Bool
    var keys: [Bool]
    var isStaged: Bool?
    var activation: DimmFirmware.Activation?
    var result: DimmFirmware.Result?
    var health: DimmHealth.State?
    var temperature: Temperature?
    var spares: Int?
    var isShutdownDirty: Bool?
    /// In words: a dictionary is not described in order.
    var alarms: String
  }

  struct Region: Equatable {
    var isEnabled: Bool
    var badBlocks: [Extent]
    /// Of its only namespace.
    var isNamespaceEnabled: Bool?
    var namespaceBadBlocks: Int?
    var injected: [Extent]?
  }

  var dimms: [Dimm]
  var regions: [Region]
  var activation: FirmwareActivation
  var isScrubbing: Bool

  init(_ backend: any DeviceBackend, _ bus: Bus) throws(DeviceError) {
    let security = try backend.security(of: bus.dimms)
    let firmware = try backend.firmware(of: bus.dimms).map(\.firmware)
    let health = try backend.health(of: bus.dimms).map(\.health)
    let alarms = try backend.alarms(of: bus.dimms)
    dimms = bus.dimms.indices.map { index in
      let keys = security[index].keys
      return Dimm(
        isEnabled: bus.dimms[index].isEnabled, security: security[index].state,
        isFrozen: security[index].isFrozen,
        keys: keys.map { [$0.hasCurrent, $0.hasPending, $0.hasMaster] } ?? [],
        isStaged: firmware[index].map { $0.staged != nil }, activation: firmware[index]?.activation,
        result: firmware[index]?.result, health: health[index]?.state,
        temperature: health[index]?.mediaTemperature, spares: health[index]?.spares,
        isShutdownDirty: health[index]?.isShutdownDirty, alarms: alarms[index].words)
    }
    var found: [Region] = []
    for region in bus.regions {
      let namespace = region.namespaces.first
      // The commands for errors are the driver's of the region; without it there is nothing to ask.
      let injected = try namespace.map { namespace throws(DeviceError) in
        try backend.injectedErrors(of: [namespace])[0]
      }
      found.append(
        Region(
          isEnabled: region.isEnabled, badBlocks: region.badBlocks,
          isNamespaceEnabled: namespace?.isEnabled, namespaceBadBlocks: namespace?.badblockCount,
          injected: injected ?? nil))
    }
    regions = found
    activation = try backend.activation(of: [bus])[0]
    isScrubbing = try backend.scrubs(of: [bus])[0].state == .active
  }

  /// What another state has otherwise, a line each.
  func differences(_ other: CareState) -> [String] {
    var lines: [String] = []
    for (index, (mine, theirs)) in zip(dimms, other.dimms).enumerated() {
      lines += Comparison.fields(mine, theirs).map { "DIMM \(index): \($0)" }
    }
    for (index, (mine, theirs)) in zip(regions, other.regions).enumerated() {
      lines += Comparison.fields(mine, theirs).map { "region \(index): \($0)" }
    }
    if activation != other.activation {
      lines.append("activation is \(activation) in the kernel, \(other.activation) simulated")
    }
    return lines
  }
}
