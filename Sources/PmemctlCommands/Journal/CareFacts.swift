import PmemDevice
import PmemOutput

/// What a change touches of the care of DIMMs and buses.
struct CareScope: Hashable {
  /// Buses that it scrubs.
  var scrubs: Set<String> = []
  /// DIMMs whose firmware it changes.
  var firmware: Set<String> = []
  /// DIMMs that it has report another health.
  var health: Set<String> = []
  /// DIMMs whose alarms it sets.
  var alarms: Set<String> = []
  /// Namespaces into which it injects errors.
  var errors: Set<String> = []
}

/// How what a change touches of the care of DIMMs and buses was at one moment. Alarms are restored; of the rest, a change that
/// failed tells whether it took effect.
struct CareFacts: Hashable {
  private var values: [String: String] = [:]
  private var alarms: [String: AlarmSettings] = [:]

  init() {}

  /// - Throws: If the machine cannot be asked at all.
  init(_ scope: CareScope, _ inventory: Inventory, _ backend: any DeviceBackend) throws(DeviceError) {
    let buses = inventory.buses.filter { scope.scrubs.contains($0.dev) }
    for (bus, scrub) in zip(buses, try backend.scrubs(of: buses)) {
      values["the scrub of \(bus.dev)"] =
        (scrub.state?.rawValue ?? "not supported") + " after \(scrub.completed)"
    }
    let updated = inventory.dimms.filter { scope.firmware.contains($0.dev) }
    for (dimm, reading) in zip(updated, try backend.firmware(of: updated)) {
      values["the firmware of \(dimm.dev)"] = Self.words(reading)
    }
    let injected = inventory.dimms.filter { scope.health.contains($0.dev) }
    for (dimm, reading) in zip(injected, try backend.health(of: injected)) {
      values["the health of \(dimm.dev)"] = reading.health.map { JSON.object($0.json).line } ?? "unreadable"
    }
    let watching = inventory.dimms.filter { scope.alarms.contains($0.dev) }
    for (dimm, settings) in zip(watching, try backend.alarms(of: watching)) {
      alarms[dimm.dev] = settings
      values["the alarms of \(dimm.dev)"] = settings.words
    }
    let spoilt = inventory.namespaces.filter { scope.errors.contains($0.dev) }
    for (namespace, extents) in zip(spoilt, try backend.injectedErrors(of: spoilt)) {
      let blocks = (extents ?? []).map { "\($0.offset / 512)+\($0.length / 512)" }.joined(separator: ",")
      values["the list of injected errors of \(namespace.dev)"] = blocks.isEmpty ? "empty" : blocks
    }
  }

  private static func words(_ reading: FirmwareReading) -> String {
    guard let firmware = reading.firmware else { return "unreadable" }
    let staged = firmware.staged.map { "\(FirmwarePlanner.version($0)) staged" } ?? "nothing staged"
    return [FirmwarePlanner.version(firmware.running), staged, firmware.activation?.rawValue].compactMap(
      \.self
    )
    .joined(separator: ", ")
  }

  /// The steps that set alarms as they were.
  func settingAlarms(_ now: CareFacts) -> [Plan.Entry] {
    alarms.sorted { $0.key < $1.key }.compactMap { dimm, settings in
      guard let present = now.alarms[dimm], present != settings, !settings.kinds.isEmpty else { return nil }
      let step = Step.setAlarms(dimm: dimm, settings)
      return Plan.Entry(step, step.words)
    }
  }

  /// A line for each value that is another now.
  func differences(_ now: CareFacts) -> [String] {
    values.sorted { $0.key < $1.key }.compactMap { name, value in
      guard let present = now.values[name], present != value else { return nil }
      return "\(name) was \(value), and is \(present)"
    }
  }
}
