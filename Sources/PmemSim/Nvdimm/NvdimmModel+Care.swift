import Glibc
import PmemDevice

/// Scrubs, firmware and injected health: what the platform and its DIMMs do by themselves.
extension NvdimmModel {
  /// Seconds since 1970. What takes time on a simulated machine takes that of its host.
  static var now: UInt64 { UInt64(max(0, time(nil))) }

  /// What has ended since the machine was used last.
  func letTimePass() throws {
    guard let since = scrub.since, let seconds = media.platform.scrubSeconds, Self.now >= since + seconds
    else {
      return
    }
    scrub.since = nil
    scrub.completed += 1
    try media.changeBadBlocks { $0.reveal() }
  }

  // MARK: Scrubs

  /// Of a bus, by number. Only the platform's table of NVDIMMs has one.
  func scrub(ofBus bus: Int) -> BusScrub {
    guard topology.buses[bus] == .nfit, media.platform.scrubSeconds != nil else { return .none }
    return BusScrub(state: scrub.since == nil ? .idle : .active, completed: scrub.completed)
  }

  /// drivers/acpi/nfit/core.c:scrub_store.
  func startScrub(bus: Int) throws {
    guard scrub(ofBus: bus).state != nil else { throw KernelRefusal(95, "ndbus\(bus) has no scrub") }
    guard scrub.since == nil else { throw KernelRefusal(16, "a scrub is running already") }
    scrub.since = Self.now
    try letTimePass()
  }

  // MARK: Health

  func inject(_ injection: HealthInjection, into dimm: Int) throws {
    guard media.health.injectable(of: dimm).contains(injection.kind) else {
      throw KernelRefusal(95, "nmem\(dimm) does not report it")
    }
    try media.changeHealth { $0.inject(injection, into: dimm) }
  }

  func set(_ alarms: AlarmSettings, of dimm: Int) throws {
    let settable = media.health.alarms(of: dimm).kinds
    guard alarms.kinds.allSatisfy(settable.contains) else {
      throw KernelRefusal(95, "nmem\(dimm) has no such alarm")
    }
    try media.changeHealth { $0.set(alarms, of: dimm) }
  }

  // MARK: Firmware

  func firmware(_ dimm: Int) -> FirmwareReading {
    guard let record = media.platform[dimm] else { return .notSupported }
    let isActivatable = media.platform.activation != nil
    return .reported(
      DimmFirmware(
        running: record.running, staged: record.staged, storage: record.storage,
        activation: isActivatable ? (record.isArmed ? .armed : .idle) : nil,
        result: isActivatable ? record.result : nil))
  }

  func activation(ofBus bus: Int) -> FirmwareActivation {
    guard topology.buses[bus] == .nfit, let method = media.platform.activation else { return .none }
    let armed = media.platform.armed.count
    return FirmwareActivation(
      method: method, state: armed == 0 ? .idle : armed > PlatformRecords.mostArmed ? .overflow : .armed)
  }

  func perform(_ operation: FirmwareOperation, on dimm: Int) throws {
    guard let record = media.platform[dimm] else {
      throw KernelRefusal(95, "nmem\(dimm) has no commands for its firmware")
    }
    switch operation {
    case .abandonUpdate: try media.changePlatform { $0[dimm]?.isOpen = false }
    case .stage(let image):
      guard scrub.since == nil else { throw KernelRefusal(16, "a scrub is running") }
      guard !record.isOpen, record.staged == nil else {
        throw KernelRefusal(16, "the DIMM is busy with another update")
      }
      guard UInt64(image.count) <= record.storage else {
        throw KernelRefusal(5, "the DIMM calls the input invalid: the image is too large")
      }
      try media.changePlatform { $0[dimm]?.staged = record.running &+ 1 }
    // drivers/nvdimm/dimm_devs.c:activate_store; what is already so is no error.
    case .arm:
      try checkActivatable(dimm)
      try media.changePlatform { $0[dimm]?.isArmed = true }
    case .disarm:
      try checkActivatable(dimm)
      try media.changePlatform { $0[dimm]?.isArmed = false }
    }
  }

  private func checkActivatable(_ dimm: Int) throws {
    guard media.platform.activation != nil else {
      throw KernelRefusal(95, "the firmware of nmem\(dimm) is activated by a power cycle alone")
    }
  }

  /// drivers/acpi/nfit/intel.c:intel_bus_fwa_activate.
  func activateFirmware(bus: Int) throws {
    switch activation(ofBus: bus).state {
    case nil: throw KernelRefusal(95, "ndbus\(bus) cannot activate firmware")
    case .idle: throw KernelRefusal(6, "no DIMM is armed")
    case .busy: throw KernelRefusal(16, "an activation is under way")
    case .armed, .overflow: break
    }
    try media.changePlatform { platform in
      for dimm in platform.armed {
        if let staged = platform[dimm]?.staged {
          platform[dimm]?.running = staged
          platform[dimm]?.staged = nil
          platform[dimm]?.result = .success
        } else {
          platform[dimm]?.result = .notStaged
        }
        platform[dimm]?.isArmed = false
      }
    }
  }
}
