import CNdctl
import Glibc
public import PmemDevice

/// The real kernel, through libndctl and libdaxctl.
///
/// Single-threaded, as the libraries are. A context is a snapshot with stale parts after a change, so each
/// inventory and each step opens its own.
public final class NdctlBackend: DeviceBackend {
  private let verbose: ((String) -> Void)?

  /// - Parameter verbose: Gets every message of the libraries; nil keeps only those that explain an error.
  public init(verbose: ((String) -> Void)? = nil) { self.verbose = verbose }

  public var kind: String { "kernel" }

  public private(set) var deviceOrder: [String] = []

  // MARK: Reading

  public func inventory(_ depth: InventoryDepth) throws(DeviceError) -> Inventory {
    try withContext { context throws(DeviceError) in
      let buses = context.buses.map { $0.snapshot(depth) }
      deviceOrder = Self.order(of: buses) + context.daxRegions.flatMap(\.devices).map(\.chardev)
      let claimed = Set(buses.flatMap(\.regions).flatMap(\.namespaces).compactMap { $0.daxRegion?.path })
      let others = context.daxRegions.filter { !claimed.contains($0.path ?? "") }.map { $0.snapshot() }
      return Inventory(
        host: Self.host,
        buses: buses.map(Self.sorted).sorted { BusHandle.number($0.dev) < BusHandle.number($1.dev) },
        otherDaxRegions: others.sorted { $0.id < $1.id })
    }
  }

  /// The library's: that of the directories of sysfs, which is any.
  private static func order(of buses: [Bus]) -> [String] {
    buses.flatMap { bus in
      [bus.dev] + bus.dimms.map(\.dev)
        + bus.regions.flatMap { region in [region.dev] + region.namespaces.map(\.dev) }
    }
  }

  private static func sorted(_ bus: Bus) -> Bus {
    var bus = bus
    bus.dimms.sort { BusHandle.number($0.dev) < BusHandle.number($1.dev) }
    bus.regions.sort { $0.id < $1.id }
    for index in bus.regions.indices { bus.regions[index].namespaces.sort { $0.id < $1.id } }
    return bus
  }

  public func health(of dimms: [DIMM]) throws(DeviceError) -> [HealthReading] {
    try withContext { context throws(DeviceError) in
      let handles = context.buses.flatMap(\.dimms)
      var readings: [HealthReading] = []
      for dimm in dimms {
        guard let handle = handles.first(where: { $0.dev == dimm.dev }) else {
          readings.append(.failed("it is no longer there"))
          continue
        }
        readings.append(handle.health)
      }
      return readings
    }
  }

  public func security(of dimms: [DIMM]) throws(DeviceError) -> [DimmSecurity] {
    try withContext { context throws(DeviceError) in
      var found: [DimmSecurity] = []
      for dimm in dimms { found.append(try Self.dimm(dimm.dev, context).security()) }
      return found
    }
  }

  /// Opens a context for `body`, and reports the libraries' messages.
  ///
  /// Handles point into the context's tree without holding it: they must not leave `body`, until whose end the context
  /// is kept.
  func withContext<Result>(
    _ body: (NdctlContext) throws(DeviceError) -> Result
  ) throws(DeviceError) -> Result {
    let context = try NdctlContext(verbose: verbose != nil)
    defer { withExtendedLifetime(context) { report(context) } }
    return try body(context)
  }

  private static var host: HostFacts {
    var names = utsname()
    _ = unsafe uname(&names)
    let release = unsafe withUnsafeBytes(of: names.release) { bytes in
      unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    return HostFacts(
      kernelRelease: release, pageSize: UInt64(sysconf(Int32(_SC_PAGESIZE))), mapAlign: mapAlign,
      isPrivileged: geteuid() == 0, memoryBlockSize: MemoryBlockDirectory.blockSize ?? 128 << 20,
      memoryPolicy: MemoryBlockDirectory.policy.flatMap(MemoryPolicy.init(rawValue:)) ?? .offline)
  }

  private static var mapAlign: UInt64 {
    #if arch(powerpc64) || arch(powerpc64le)
      16 << 20
    #else
      2 << 20
    #endif
  }

  private func report(_ context: NdctlContext) {
    guard let verbose else { return }
    for message in context.takeMessages() { verbose(message) }
  }

  // MARK: Changing

  public func perform(_ step: Step) throws(DeviceError) {
    switch step {
    // The kernel has tried each of many memory blocks for a while itself.
    case .onlineMemory, .offlineMemory: try attempt(step)
    // It means that another one is under way, or answers what a DIMM says.
    case .startScrub, .firmware, .activateFirmware, .injectErrors, .withdrawErrors, .injectHealth,
      .setAlarms, .createCxlRegion, .destroyCxlRegion, .enableCxlRegion:
      try attempt(step)
    default: try whileBusy { () throws(DeviceError) in try attempt(step) }
    }
  }

  /// How often, and how long between.
  private static let busyAttempts = 10
  private static let busyPause: UInt32 = 50_000

  /// Tries again for a short time what fails because udev or another tool has a device open, or a namespace enabled in raw
  /// mode, for a moment.
  ///
  /// - Parameters:
  ///   - mayRetry: Asked after EBUSY: whether nothing was done that would be done twice.
  ///   - body: The operation.
  /// - Returns: Its result.
  /// - Throws: Its last error.
  private func whileBusy<Result>(
    mayRetry: () -> Bool = { true }, _ body: () throws(DeviceError) -> Result
  ) throws(DeviceError) -> Result {
    for _ in 1..<Self.busyAttempts {
      do throws(DeviceError) { return try body() } catch {
        guard error.errno == EBUSY, mayRetry() else { throw error }
      }
      usleep(Self.busyPause)
    }
    return try body()
  }

  private func attempt(_ step: Step) throws(DeviceError) {
    let log = KernelLog()
    do throws(DeviceError) { try performCxl(step) } catch {
      throw error.adding(details: Self.reasons(log, step))
    }
    try withContext { context throws(DeviceError) in
      let status: Int32
      do throws(DeviceError) { status = try perform(step, in: context) } catch {
        throw error.adding(details: Self.reasons(log, step))
      }
      for bus in context.buses { bus.settle() }
      guard status < 0 else { return }
      let messages = context.takeMessages()
      for message in messages { verbose?(message) }
      let reasons = Self.reasons(log, step)
      throw Self.failure(step, errno: -status, messages: messages).adding(details: reasons)
    }
    if case .enableRegion(let name) = step { try recreateSeed(in: name) }
  }

  private static func reasons(_ log: borrowing KernelLog, _ step: Step) -> [String] {
    log.lines(about: step.target).map { "the kernel's reason: \($0)" }
  }

  /// Gives a region that was just enabled a seed for its next namespace, if the kernel has lost it.
  ///
  /// region.c:nd_region_probe registers namespaces, whose probes run in the background, and names the first of them the
  /// seed only then: a probe that was quicker created no successor. Probing it again does
  /// (region_devs.c:nd_region_advance_seeds). If that fails, planners report that there is no seed.
  private func recreateSeed(in name: String) throws(DeviceError) {
    let disabled = try withContext { context throws(DeviceError) -> String? in
      guard let seed = try Self.region(name, context).lostSeed else { return nil }
      let dev = seed.dev
      return seed.disable() == 0 ? dev : nil
    }
    guard let disabled else { return }
    try withContext { context throws(DeviceError) in
      _ = try Self.namespace(disabled, context).enable()
      for bus in context.buses { bus.settle() }
    }
  }

  /// What libndctl has no part in; it reads the tree after that.
  private func performCxl(_ step: Step) throws(DeviceError) {
    switch step {
    case .createCxlRegion(let recipe): try CxlRegionDevice.create(recipe)
    case .destroyCxlRegion(let name): try CxlRegionDevice(name).destroy()
    case .enableCxlRegion(let name): try CxlRegionDevice(name).enable()
    default: break
    }
  }

  /// 0, or a negative error number as libndctl returns it.
  private func perform(_ step: Step, in context: NdctlContext) throws(DeviceError) -> Int32 {
    switch step {
    case .allocate(let allocation): try Self.namespace(allocation.namespace, context).allocate(allocation)
    case .claim(let name, let claim): try Self.namespace(name, context).claim(claim)
    case .release(let name): try Self.namespace(name, context).release()
    case .enable(let name): try Self.namespace(name, context).enable()
    case .disable(let name): try Self.namespace(name, context).disable()
    case .zeroInfoBlock(let name): try Self.namespace(name, context).zeroInfoBlock()
    case .free(let name): try Self.namespace(name, context).free()
    case .enableRegion(let name): try Self.region(name, context).enable()
    case .disableRegion(let name): try Self.region(name, context).disable()
    // Done already: the library waits for what came of it.
    case .createCxlRegion, .destroyCxlRegion, .enableCxlRegion: 0
    case .initializeLabels(let name, let version): try Self.dimm(name, context).initializeLabels(version)
    case .writeLabels(let name, let bytes): try Self.dimm(name, context).writeLabels(bytes)
    case .enableDimm(let name): try Self.dimm(name, context).enable()
    case .disableDimm(let name): try Self.dimm(name, context).disable()
    case .security(let name, let operation): try Self.dimm(name, context).perform(operation)
    case .startScrub(let name): try Self.bus(name, context).startScrub()
    case .injectErrors(let name, let extent, let isSilent):
      try Self.namespace(name, context).injectErrors(extent, isSilent: isSilent)
    case .withdrawErrors(let name, let extent): try Self.namespace(name, context).withdrawErrors(extent)
    case .injectHealth(let name, let injection): try Self.dimm(name, context).inject(injection)
    case .setAlarms(let name, let settings): try Self.dimm(name, context).setAlarms(settings)
    case .firmware(let name, let operation): try Self.dimm(name, context).perform(operation)
    case .activateFirmware(let name, let method): try Self.bus(name, context).activateFirmware(method)
    case .write(let name, let bytes, let offset):
      try Self.namespace(name, context).write(bytes, at: offset)
    case .rename(let name, let text): try Self.namespace(name, context).rename(text)
    case .identify(let name, let uuid): try Self.namespace(name, context).identify(uuid)
    case .setMode(let name, let mode): try Self.namespace(name, context).setMode(mode)
    case .bindDevice(let name, let mode): try Self.device(name, context).device.bind(mode)
    case .unbindDevice(let name): try Self.device(name, context).device.unbind()
    case .onlineMemory(let name, let movable):
      try Self.setMemory(of: name, movable ? .onlineMovable : .onlineKernel, step, context)
    case .offlineMemory(let name): try Self.setMemory(of: name, .offline, step, context)
    case .createDevice(let region, let size, let align):
      try Self.daxRegion(region, context).create(size, align: align)
    case .resizeDevice(let name, let size): try Self.device(name, context).device.resize(size)
    case .destroyDevice(let name):
      try Self.destroyDevice(name, context)
    case .clearErrors(let name, let extent): try Self.clearErrors(name, extent, context)
    case .resize(let name, let size): try Self.namespace(name, context).resize(size)
    }
  }

  private static func clearErrors(
    _ name: String, _ extent: Extent, _ context: NdctlContext
  ) throws(DeviceError) -> Int32 {
    let handle = try namespace(name, context)
    guard let start = handle.resource else { return -EACCES }
    guard
      let bus = context.buses.first(where: { bus in
        bus.regions.contains { region in region.namespaces.contains { $0.dev == handle.dev } }
      })
    else { return -ENXIO }
    return bus.clearErrors(at: start + extent.offset, length: extent.length)
  }

  private static func device(
    _ name: String, _ context: NdctlContext
  ) throws(DeviceError) -> (region: DaxRegionHandle, device: DaxDeviceHandle) {
    for region in context.daxRegions {
      if let found = region.devices.first(where: { $0.chardev == name }) { return (region, found) }
    }
    throw DeviceError(.notFound, "\(name) is no longer there", errno: ENXIO)
  }

  /// Block by block, all or none.
  private static func setMemory(
    of name: String, _ state: MemoryBlockDirectory.State, _ step: Step, _ context: NdctlContext
  ) throws(DeviceError) -> Int32 {
    guard let refusals = try device(name, context).device.setMemory(state) else { return -ENODEV }
    guard let first = refusals.first else { return 0 }
    throw DeviceError(
      DeviceError.Code(errno: first.errno), "cannot \(step.words): \(NdctlContext.text(first.errno))",
      details: refusals.prefix(8).map { "\($0.block): \(NdctlContext.text($0.errno))" }
        + (refusals.count > 8 ? ["and \(refusals.count - 8) more"] : []), errno: first.errno)
  }

  private static func daxRegion(_ id: Int, _ context: NdctlContext) throws(DeviceError) -> DaxRegionHandle {
    if let found = context.daxRegions.first(where: { $0.id == id }) { return found }
    throw DeviceError(.notFound, "DAX region \(id) is no longer there", errno: ENXIO)
  }

  private static func destroyDevice(_ name: String, _ context: NdctlContext) throws(DeviceError) -> Int32 {
    let (region, device) = try device(name, context)
    return region.destroy(device)
  }

  private static func failure(_ step: Step, errno: Int32, messages: [String]) -> DeviceError {
    DeviceError(
      DeviceError.Code(errno: errno), "cannot \(step.words): \(NdctlContext.text(errno))",
      details: messages.map { "libndctl: \($0)" }, errno: errno)
  }

  /// By kernel name, or by the UUID of the label.
  static func namespace(_ name: String, _ context: NdctlContext) throws(DeviceError) -> NamespaceHandle {
    if let uuid = DeviceUUID(name) {
      let all = context.buses.flatMap(\.regions).flatMap(\.namespaces)
      if let found = all.first(where: { $0.labelUUID == uuid }) { return found }
    }
    for bus in context.buses {
      for region in bus.regions where name.hasPrefix("namespace\(region.dev.dropFirst(6)).") {
        if let found = region.namespaces.first(where: { $0.dev == name }) { return found }
      }
    }
    throw DeviceError(.notFound, "\(name) is no longer there", errno: ENXIO)
  }

  static func dimm(_ name: String, _ context: NdctlContext) throws(DeviceError) -> DimmHandle {
    for bus in context.buses {
      if let found = bus.dimms.first(where: { $0.dev == name }) { return found }
    }
    throw DeviceError(.notFound, "\(name) is no longer there", errno: ENXIO)
  }

  private static func region(_ name: String, _ context: NdctlContext) throws(DeviceError) -> RegionHandle {
    for bus in context.buses {
      if let found = bus.regions.first(where: { $0.dev == name }) { return found }
    }
    throw DeviceError(.notFound, "\(name) is no longer there", errno: ENXIO)
  }

  // MARK: Media

  public func withRawMedia<Result>(
    of name: String, forWriting: Bool, _ body: (any RawMedia) throws(DeviceError) -> Result
  ) throws(DeviceError) -> Result {
    var isBegun = false
    return try whileBusy(mayRetry: { !isBegun }) { () throws(DeviceError) in
      try openRawMedia(of: name, forWriting: forWriting) { media throws(DeviceError) in
        isBegun = true
        return try body(media)
      }
    }
  }

  private func openRawMedia<Result>(
    of name: String, forWriting: Bool, _ body: (any RawMedia) throws(DeviceError) -> Result
  ) throws(DeviceError) -> Result {
    try withContext { context throws(DeviceError) in
      defer { for bus in context.buses { bus.settle() } }
      let handle = try Self.namespace(name, context)
      let flags = forWriting ? O_RDWR | O_EXCL : O_RDONLY
      // Errors of the body are passed on unchanged.
      let outcome: Swift.Result<Result, DeviceError>
      do throws(RawModeError) {
        outcome = try handle.withRawMode(flags) { descriptor, size throws(RawModeError) in
          do throws(DeviceError) {
            return .success(try body(DescriptorMedia(descriptor, size: size)))
          } catch {
            return .failure(error)
          }
        }
      } catch {
        throw DeviceError(
          DeviceError.Code(errno: error.errno),
          "cannot read \(name) below its mode: \(NdctlContext.text(error.errno))",
          details: context.takeMessages().map { "libndctl: \($0)" }, errno: error.errno)
      }
      return try outcome.get()
    }
  }

  public func withContent<Result>(
    of namespace: Namespace, _ body: (any ByteSource) throws(DeviceError) -> Result
  ) throws(DeviceError) -> Result {
    guard let node = namespace.node else {
      throw DeviceError(.failed, "cannot read \(namespace.dev): it has no device", errno: ENXIO)
    }
    let path = "/dev/\(node)"
    let descriptor = DeviceFile.open(node, namespace.mode == .devdax ? .dax : .block, O_RDONLY)
    guard descriptor >= 0 else {
      throw DeviceError(
        DeviceError.Code(errno: -descriptor), "cannot read \(path): \(NdctlContext.text(-descriptor))",
        errno: -descriptor)
    }
    defer { close(descriptor) }
    guard namespace.mode == .devdax else {
      return try body(DescriptorMedia(descriptor, size: namespace.size.rawValue))
    }
    return try body(
      MappedMemory(descriptor, size: namespace.size.rawValue, align: namespace.align ?? 2 << 20, path: path))
  }

  public func readLabels(dimm name: String) throws(DeviceError) -> [UInt8] {
    try withContext { context throws(DeviceError) in
      let bytes: [UInt8]?
      let handle = try Self.dimm(name, context)
      do throws(RawModeError) { bytes = try handle.readLabels() } catch {
        throw DeviceError(
          DeviceError.Code(errno: error.errno),
          "cannot read the labels of \(name): \(NdctlContext.text(error.errno))", errno: error.errno)
      }
      guard let bytes else {
        throw DeviceError(.unsupported, "\(name) has no label area", errno: ENOTSUP)
      }
      return bytes
    }
  }

  // MARK: Who is in the way

  /// Users of a namespace that only the kernel's driver knows: whether its block device is held exclusively, by any
  /// holder, and whether its memory is online.
  public func heldBy(_ namespace: Namespace) throws(DeviceError) -> [Usage] {
    // Users of a DAX device without a namespace are found elsewhere.
    guard namespace.isEnabled, namespace.standsFor == nil else { return [] }
    if let device = namespace.blockDevice { return try ExclusiveOpen.usage(of: device, namespace.dev) }
    return try withContext { context throws(DeviceError) in
      try Self.namespace(namespace.dev, context).onlineMemory
    }
  }
}
