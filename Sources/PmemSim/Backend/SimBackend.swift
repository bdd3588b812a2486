import PmemModel
import Glibc
public import PmemDevice

/// A simulated machine as a backend: the same questions and steps as the real kernel's.
public final class SimBackend: DeviceBackend, UsageInspector, DaxInspector {
  let machine: SimMachine

  public init(_ machine: SimMachine) { self.machine = machine }

  public var kind: String { "simulated" }

  public func inventory(_ depth: InventoryDepth) throws(DeviceError) -> Inventory {
    SimInventory(machine.kernel.nvdimm).inventory
  }

  public func health(of dimms: [DIMM]) throws(DeviceError) -> [HealthReading] {
    let nvdimm = machine.kernel.nvdimm
    var readings: [HealthReading] = []
    for dimm in dimms {
      let index = try rawMedia(dimm.dev, "ask") { () throws -> Int in try Self.dimm(dimm.dev, nvdimm) }
      readings.append(nvdimm.media.health.health(of: index).map(HealthReading.reported) ?? .notSupported)
    }
    return readings
  }

  public func security(of dimms: [DIMM]) throws(DeviceError) -> [DimmSecurity] {
    let nvdimm = machine.kernel.nvdimm
    var found: [DimmSecurity] = []
    for dimm in dimms {
      let index = try rawMedia(dimm.dev, "ask") { () throws -> Int in try Self.dimm(dimm.dev, nvdimm) }
      found.append(nvdimm.security(index))
    }
    return found
  }

  public func perform(_ step: Step) throws(DeviceError) {
    do {
      try machine.change { kernel in try Self.perform(step, on: kernel.nvdimm) }
    } catch let fault as KernelRefusal {
      throw DeviceError(
        DeviceError.Code(errno: fault.errno),
        "cannot \(step.words): \(String(cString: strerror(fault.errno)))",
        details: ["the kernel's reason: \(fault.reason)"], errno: fault.errno)
    } catch let error as DeviceError {
      throw error
    } catch {
      throw DeviceError(.failed, "cannot \(step.words): \(error)")
    }
  }

  public func beginPlan(steps: Int) { machine.beginPlan(steps: steps) }

  public func synchronize() throws(DeviceError) {
    try SimMachine.rethrowing { try machine.synchronize() }
  }

  private static func perform(_ step: Step, on nvdimm: NvdimmModel) throws {
    switch step {
    case .allocate(let allocation):
      let (region, id) = try namespace(allocation.namespace, nvdimm)
      try nvdimm.allocate(region, id, allocation)
    case .claim(let name, let claim):
      let (region, id) = try namespace(name, nvdimm)
      try nvdimm.claim(region, id, claim)
    case .release(let name):
      let (region, id) = try namespace(name, nvdimm)
      try nvdimm.release(region, id)
    case .enable(let name):
      let (region, id) = try namespace(name, nvdimm)
      try nvdimm.enableNamespace(region, id)
    case .disable(let name):
      let (region, id) = try namespace(name, nvdimm)
      try nvdimm.disableNamespace(region, id)
    case .zeroInfoBlock(let name):
      let (region, id) = try namespace(name, nvdimm)
      try nvdimm.zeroInfoBlock(region, id)
    case .free(let name):
      let (region, id) = try namespace(name, nvdimm)
      try nvdimm.free(region, id)
    case .enableRegion(let name): try nvdimm.enableRegion(try region(name, nvdimm))
    case .disableRegion(let name): try nvdimm.disableRegion(try region(name, nvdimm))
    case .initializeLabels(let name, let version):
      try nvdimm.initializeLabels(try dimm(name, nvdimm), version)
    case .writeLabels(let name, let bytes): try nvdimm.writeLabels(try dimm(name, nvdimm), bytes)
    case .enableDimm(let name): try nvdimm.enableDimm(try dimm(name, nvdimm))
    case .disableDimm(let name): try nvdimm.disableDimm(try dimm(name, nvdimm))
    case .security(let name, let operation): try nvdimm.perform(operation, on: try dimm(name, nvdimm))
    case .write(let name, let bytes, let offset):
      let (region, id) = try namespace(name, nvdimm)
      let media = try SimRawMedia(nvdimm, region: region, id: id)
      try media.write(bytes, at: offset)
      nvdimm.advanceSeeds(region, id)
    case .rename(let name, let text):
      let (region, id) = try namespace(name, nvdimm)
      try nvdimm.rename(region, id, text)
    case .identify(let name, let uuid):
      let (region, id) = try namespace(name, nvdimm)
      try nvdimm.identify(region, id, uuid)
    case .setMode(let name, let mode):
      let (region, id) = try namespace(name, nvdimm)
      try nvdimm.setMode(region, id, mode)
    case .bindDevice(let name, let mode): try nvdimm.bindDevice(name, mode)
    case .unbindDevice(let name): try nvdimm.unbindDevice(name)
    case .onlineMemory(let name, let movable): try nvdimm.setMemory(name, movable ? .movable : .kernel)
    case .offlineMemory(let name): try nvdimm.setMemory(name, nil)
    // The DAX region of a namespace is one device (drivers/dax/bus.c:is_static).
    case .createDevice, .resizeDevice, .destroyDevice:
      throw KernelRefusal(22, "the DAX region cannot be divided")
    case .createCxlRegion(let recipe): try nvdimm.createCxlRegion(recipe)
    case .destroyCxlRegion(let name): try nvdimm.destroyCxlRegion(name)
    // Nothing on a simulated machine disables one.
    case .enableCxlRegion(let name):
      guard nvdimm.cxl.state.regions.contains(where: { "region\($0.number)" == name }) else {
        throw KernelRefusal(ENXIO, "there is no CXL region \(name)")
      }
    case .clearErrors(let name, let extent):
      let (region, id) = try namespace(name, nvdimm)
      try nvdimm.clearErrors(region, id, extent)
    case .resize(let name, let size):
      let (region, id) = try namespace(name, nvdimm)
      try nvdimm.resize(region, id, size.rawValue)
    case .startScrub, .injectErrors, .withdrawErrors, .injectHealth, .setAlarms, .firmware, .activateFirmware:
      try performCare(step, on: nvdimm)
    }
  }

  // MARK: Media

  public func withRawMedia<Result>(
    of name: String, forWriting: Bool, _ body: (any RawMedia) throws(DeviceError) -> Result
  ) throws(DeviceError) -> Result {
    let nvdimm = machine.kernel.nvdimm
    let media = try rawMedia(name, "open") { () throws -> SimRawMedia in
      let (region, id) = try Self.namespace(name, nvdimm)
      return try SimRawMedia(nvdimm, region: region, id: id)
    }
    return try body(media)
  }

  public func withContent<Result>(
    of namespace: Namespace, _ body: (any ByteSource) throws(DeviceError) -> Result
  ) throws(DeviceError) -> Result {
    let nvdimm = machine.kernel.nvdimm
    let content = try rawMedia(namespace.dev, "open") { () throws -> any ByteSource in
      try nvdimm.content(of: namespace.regionID, namespace.id)
    }
    return try body(content)
  }

  public func readLabels(dimm name: String) throws(DeviceError) -> [UInt8] {
    let nvdimm = machine.kernel.nvdimm
    return try rawMedia(name, "read the labels of") { () throws -> [UInt8] in
      let dimm = try Self.dimm(name, nvdimm)
      let size = Int(nvdimm.topology.dimms[dimm].labelArea)
      guard size > 0 else { throw KernelRefusal(95, "it has no label area") }
      guard !nvdimm.isLocked(dimm) else { throw KernelRefusal(13, "it is locked") }
      return try nvdimm.media.readLabels(dimm: dimm, at: 0, count: size)
    }
  }

  func rawMedia<Result>(
    _ name: String, _ verb: String, _ body: () throws -> Result
  ) throws(DeviceError) -> Result {
    do { return try body() } catch let fault as KernelRefusal {
      throw DeviceError(
        DeviceError.Code(errno: fault.errno), "cannot \(verb) \(name): \(fault.reason)", errno: fault.errno)
    } catch let error as DeviceError { throw error } catch {
      throw DeviceError(.failed, "cannot \(verb) \(name): \(error)")
    }
  }

  public func usage(of namespaces: [Namespace], in inventory: Inventory) throws(DeviceError) -> UsageReport {
    SimUsage(machine.kernel).usage(of: namespaces)
  }

  public func mountPoints(in inventory: Inventory) -> [String: [RawText]] {
    SimUsage(machine.kernel).mountPoints
  }

  public func damagedFiles(of namespace: Namespace, in inventory: Inventory) -> DamagedFiles {
    SimFiles(machine.kernel).damaged(of: namespace)
  }

  public func unseen(in inventory: Inventory) -> [Unseen] {
    machine.kernel.view.missing(of: inventory.namespaces)
  }

  public func mappings(
    in inventory: Inventory, pid: Int?, interface: MappingInterface?
  ) throws(DeviceError) -> MappingReport {
    SimUsage(machine.kernel).mappings(pid: pid)
  }

  public func pins(
    of namespaces: [Namespace], in inventory: Inventory, isAttributed: Bool
  ) throws(DeviceError) -> PinReport {
    let devices = SimPins(machine.kernel).pins(of: namespaces)
    let missing = machine.kernel.view.missing(of: []).filter { $0.part != .pins }
    return PinReport(devices: devices, missing: missing + devices.unread)
  }

  // MARK: DAX

  public func daxLayers(_ inventory: Inventory) throws(DeviceError) -> [DaxLayer] {
    SimDax(machine.kernel).layers
  }

  public func probe(
    _ path: String, at offset: UInt64, in inventory: Inventory
  ) throws(DeviceError) -> DaxProbe {
    let source = try SimWorkload(machine).source(path)
    let kernel = machine.kernel
    return try rawMedia(path, "map") { () throws -> DaxProbe in try SimDax(kernel).probe(source, at: offset) }
  }

  public func verify(
    _ namespace: Namespace, in inventory: Inventory, longTerm: Bool
  ) throws(DeviceError) -> [DaxProof] {
    SimDax(machine.kernel).verify(namespace, longTerm: longTerm)
  }

  // MARK: Names

  /// By kernel name, or by the UUID of the label.
  static func namespace(_ name: String, _ nvdimm: NvdimmModel) throws -> (Int, Int) {
    if let uuid = DeviceUUID(name) {
      for (index, region) in nvdimm.regions.enumerated() {
        if let found = region.namespaces.first(where: { $0.uuid == uuid }) { return (index, found.id) }
      }
    }
    let numbers = name.dropFirst("namespace".count).split(separator: ".").compactMap { Int($0) }
    guard name.hasPrefix("namespace"), numbers.count == 2 else {
      throw KernelRefusal(ENXIO, "there is no \(name)")
    }
    return (numbers[0], numbers[1])
  }

  private static func region(_ name: String, _ nvdimm: NvdimmModel) throws -> Int {
    let index = try number(name, "region", among: nvdimm.regions.indices)
    let region = nvdimm.topology.regions[index]
    guard region.exists, region.origin != .volatile else { throw KernelRefusal(ENXIO, "there is no \(name)") }
    return index
  }

  static func dimm(_ name: String, _ nvdimm: NvdimmModel) throws -> Int {
    try number(name, "nmem", among: nvdimm.topology.dimms.indices)
  }

  static func bus(_ name: String, _ nvdimm: NvdimmModel) throws -> Int {
    try number(name, "ndbus", among: SimInventory(nvdimm).inventory.buses.indices)
  }

  private static func number(_ name: String, _ prefix: String, among known: Range<Int>) throws -> Int {
    guard name.hasPrefix(prefix), let index = Int(name.dropFirst(prefix.count)), known.contains(index) else {
      throw KernelRefusal(ENXIO, "there is no \(name)")
    }
    return index
  }
}
