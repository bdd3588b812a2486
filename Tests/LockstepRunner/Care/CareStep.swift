import PmemDevice

/// One change of the care of DIMMs, by positions: two machines have other names for the same DIMM.
enum CareStep {
  case security(dimm: Int, SecurityOperation)
  case firmware(dimm: Int, FirmwareOperation)
  case health(dimm: Int, HealthInjection)
  case alarms(dimm: Int, AlarmSettings)
  case dimm(Int, isEnabled: Bool)
  case region(Int, isEnabled: Bool)
  case injectErrors(namespace: Int, Extent, isSilent: Bool)
  case withdrawErrors(namespace: Int, Extent)
  case clearErrors(namespace: Int, Extent)
  case enable(namespace: Int)
  case disable(namespace: Int)
  case scrub
  /// All DIMMs are locked as far as they have a passphrase, and the kernel has forgotten every key.
  case powerCycle

  /// Which kind, whatever its operands.
  var kind: String {
    switch self {
    case .security(_, let operation): operation.rawValue
    case .firmware(_, let operation): operation.name
    case .health(_, let injection): "\(injection.kind.rawValue)\(injection.value == nil ? " withdrawn" : "")"
    case .alarms: "set alarms"
    case .dimm(_, let isEnabled): isEnabled ? "enable a DIMM" : "disable a DIMM"
    case .region(_, let isEnabled): isEnabled ? "enable a region" : "disable a region"
    case .injectErrors(_, _, let isSilent): isSilent ? "inject silently" : "inject"
    case .withdrawErrors: "withdraw"
    case .clearErrors: "clear"
    case .enable: "enable"
    case .disable: "disable"
    case .scrub: "scrub"
    case .powerCycle: "power cycle"
    }
  }
}

/// The names of one machine, by position.
struct CareNames {
  let bus: String
  let dimms: [String]
  let regions: [String]
  /// Of namespaces without labels: one on each region.
  let namespaces: [String]

  init(_ bus: Bus) {
    self.bus = bus.dev
    dimms = bus.dimms.map(\.dev)
    regions = bus.regions.map(\.dev)
    namespaces = bus.regions.map { "namespace\($0.id).0" }
  }

  /// nil for a power cycle, which is no step of a plan.
  func step(_ step: CareStep) -> Step? {
    switch step {
    case .security(let dimm, let operation): .security(dimm: dimms[dimm], operation)
    case .firmware(let dimm, let operation): .firmware(dimm: dimms[dimm], operation)
    case .health(let dimm, let injection): .injectHealth(dimm: dimms[dimm], injection)
    case .alarms(let dimm, let settings): .setAlarms(dimm: dimms[dimm], settings)
    case .dimm(let dimm, let isEnabled): isEnabled ? .enableDimm(dimms[dimm]) : .disableDimm(dimms[dimm])
    case .region(let region, let isEnabled):
      isEnabled ? .enableRegion(regions[region]) : .disableRegion(regions[region])
    case .injectErrors(let namespace, let extent, let isSilent):
      .injectErrors(namespace: namespaces[namespace], extent, isSilent: isSilent)
    case .withdrawErrors(let namespace, let extent):
      .withdrawErrors(namespace: namespaces[namespace], extent)
    case .clearErrors(let namespace, let extent): .clearErrors(namespace: namespaces[namespace], extent)
    case .enable(let namespace): .enable(namespace: namespaces[namespace])
    case .disable(let namespace): .disable(namespace: namespaces[namespace])
    case .scrub: .startScrub(bus: bus)
    case .powerCycle: nil
    }
  }
}
