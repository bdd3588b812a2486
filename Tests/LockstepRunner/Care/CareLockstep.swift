import Glibc
import PmemDevice
import PmemNdctl
import PmemSim
import SystemPackage
import TestSupport

/// The kernel's own simulated NVDIMMs (nfit_test), and a simulated machine like them: they get the same changes, and must answer
/// and be the same after each.
struct CareLockstep {
  private let kernel = NdctlBackend()
  private let forget: String
  private let simulated: SimBackend
  private let workload: SimWorkload
  /// Of both; no change gives a device another name.
  private let names: (kernel: CareNames, simulated: CareNames)
  /// Of the kernel, as the last look found it.
  private(set) var state: CareState

  /// - Parameters:
  ///   - directory: Of the simulated machine, which must not exist.
  ///   - forget: The program that removes keys from the user's keyring.
  /// - Throws: If nfit_test is not there, or the simulated machine cannot be made.
  init(_ directory: String, forget: String) throws {
    self.forget = forget
    let inventory = try kernel.inventory(.planning)
    var part = inventory
    part.buses = inventory.buses.filter { $0.provider == "nfit_test.0" }
    guard let bus = part.buses.first else { throw DeviceError(.notFound, "nfit_test is not loaded") }
    // A DIMM without a region is not of any use to it.
    part.buses[0].dimms = bus.dimms.filter { !part.regions(on: [$0]).isEmpty }
    let notes = try SimMachine.importing(
      part, to: FilePath(directory), profile: KernelProfile(nearest: inventory.host.kernelRelease))
    for note in notes { say("# \(note)") }
    let machine = try SimMachine.open(FilePath(directory), forWriting: true)
    simulated = SimBackend(machine)
    workload = SimWorkload(machine)
    let own = try simulated.inventory(.listing).buses[0]
    names = (CareNames(part.buses[0]), CareNames(own))
    state = try CareState(kernel, part.buses[0])
    try equip(try kernel.health(of: part.buses[0].dimms).map(\.health))
  }

  /// Gives the simulated machine what nfit_test was made with.
  private func equip(_ health: [DimmHealth?]) throws(DeviceError) {
    try workload.setPlatform(scrubSeconds: 0, activation: .suspend)
    for (index, health) in health.enumerated() {
      let name = "nmem\(index)"
      try workload.setSecurity(of: name, isSupported: true, isFrozenByFirmware: false, overwriteSeconds: 0)
      var firmware = SimWorkload.FirmwareSetting()
      firmware.storage = 1 << 20
      try workload.setFirmware(of: name, firmware)
      try workload.setHealth(of: name) { $0 = health }
    }
  }

  // MARK: Looks

  private func bus(_ backend: any DeviceBackend) throws(DeviceError) -> Bus {
    let buses = try backend.inventory(.listing).buses
    guard var bus = backend.isSimulated ? buses.first : buses.first(where: { $0.provider == "nfit_test.0" })
    else { throw DeviceError(.notFound, "there is no bus of nfit_test") }
    let used = Set(bus.regions.flatMap { $0.mappings.map(\.dimm) })
    bus.dimms = bus.dimms.filter { used.contains($0.dev) }
    return bus
  }

  /// The kernel looks for errors and for the end of an overwrite by itself, after seconds: until both are alike, for a minute at
  /// most.
  mutating func differences() throws(DeviceError) -> [String] {
    var found: [String] = []
    let end = time(nil) + 60
    while time(nil) < end {
      state = try CareState(kernel, try bus(kernel))
      found = state.differences(try CareState(simulated, try bus(simulated)))
      if found.isEmpty, !state.isScrubbing { return [] }
      usleep(100_000)
    }
    return found.isEmpty ? ["the scrub does not end"] : found
  }

  // MARK: Changes

  /// - Returns: Whether it was done, and how the machines differ in their answers or in what came of it.
  mutating func perform(_ step: CareStep) throws -> (isDone: Bool, differences: [String]) {
    guard let theirs = names.kernel.step(step), let mine = names.simulated.step(step) else {
      try powerCycle()
      return (true, try differences())
    }
    let (isDone, found) = Comparison.perform(theirs, on: kernel, mine, on: simulated)
    return (isDone, found + (try differences()))
  }

  /// Health that was injected ends with it; regions stay off on both, for the locks to be seen.
  private func powerCycle() throws {
    let bus = try bus(kernel)
    for region in bus.regions where region.isEnabled { try kernel.perform(.disableRegion(region.dev)) }
    for dimm in bus.dimms {
      for kind in HealthInjection.Kind.allCases where kind != .controllerTemperature {
        try kernel.perform(.injectHealth(dimm: dimm.dev, HealthInjection(kind, nil)))
      }
      if dimm.isEnabled { try kernel.perform(.disableDimm(dimm.dev)) }
    }
    let attributes = "/sys/devices/platform/nfit_test.0/nfit_test_dimm"
    let security = try kernel.security(of: bus.dimms)
    // nfit_test would give a passphrase to what has none.
    for number in bus.dimms.indices where security[number].state == .unlocked {
      try Self.write("1", to: "\(attributes)/test_dimm\(number)/lock_dimm")
    }
    let ids = bus.dimms.compactMap(\.id)
    let forgotten = try run(forget, ids.map { "nvdimm:\($0)" } + ids.map { "nvdimm-pending:\($0)" })
    guard forgotten.status == 0 else { throw DeviceError(.failed, "cannot remove keys: \(forgotten.errors)") }
    for dimm in bus.dimms { try kernel.perform(.enableDimm(dimm.dev)) }

    let own = try self.bus(simulated)
    for region in own.regions where region.isEnabled { try simulated.perform(.disableRegion(region.dev)) }
    for dimm in own.dimms {
      for kind in HealthInjection.Kind.allCases where kind != .controllerTemperature {
        try simulated.perform(.injectHealth(dimm: dimm.dev, HealthInjection(kind, nil)))
      }
      if !dimm.isEnabled { try simulated.perform(.enableDimm(dimm.dev)) }
    }
    try workload.lockDimms()
  }

  private static func write(_ text: String, to path: String) throws(DeviceError) {
    let descriptor = open(path, O_WRONLY | O_CLOEXEC)
    defer { close(descriptor) }
    let bytes = Array(text.utf8)
    guard descriptor >= 0, Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
      throw DeviceError(.failed, "cannot write \(path)", errno: errno)
    }
  }
}
