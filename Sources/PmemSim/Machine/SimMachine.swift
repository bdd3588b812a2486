import Glibc
public import PmemDevice
public import PmemModel
public import SystemPackage

/// A simulated machine: a directory with images of its DIMMs, a description of its hardware, and what its
/// kernel has in memory.
///
/// ```
/// DIR/machine            the hardware; never changes
/// DIR/runtime            the kernel's memory between two commands; absent: as after power on
/// DIR/nmem0.img          data, then the label area
/// DIR/nmem0.labels       the label area, of a CXL device
/// DIR/e820-region2.img   a range without a DIMM
/// DIR/badblocks          ranges of the regions that cannot be read; absent where there are none
/// DIR/health             what DIMMs report of themselves; absent where none reports anything
/// DIR/security           passphrases of DIMMs, and the keys of its host; absent where no DIMM has security
/// DIR/platform           scrubs, and the firmware of DIMMs; absent where there is neither
/// DIR/undo               what it takes to undo changes
/// ```
///
/// A change removes `runtime` and writes it again at its end: if it is interrupted, the next command finds the media as
/// a power cut left them, and boots.
public final class SimMachine {
  public let directory: FilePath
  public let topology: SimTopology
  let kernel: SimKernel
  private let lock: MachineLock
  /// Whether what the kernel has in memory is written down after each change; a machine for one run does without.
  public var persistsState = true
  /// Whether what the kernel has in memory is not written down: a change could not, or is part of a long plan.
  private var isForgotten = false
  /// Whether there is room on disk to save it, and no older state to continue from.
  private var isReserved = false
  /// Steps of the long plan that is under way, which is written down once; nil if there is none.
  private var deferredSteps: Int?

  /// Writing down takes time that grows with the machine: plans of more steps would take the square of it. A command that
  /// is killed in a long plan leaves a machine that boots, as a power failure would.
  private static let mostStepsEachWritten = 16

  private static let machineName = "machine"
  private static let runtimeName = "runtime"
  private static let pendingName = "runtime.pending"

  private init(directory: FilePath, topology: SimTopology, kernel: SimKernel, lock: MachineLock) {
    self.directory = directory
    self.topology = topology
    self.kernel = kernel
    self.lock = lock
  }

  // MARK: Making and removing

  /// Makes a machine in `directory`, which must not exist or be empty.
  ///
  /// - Throws: Why it could not be created; no file is left behind then.
  public static func create(_ directory: FilePath, topology: SimTopology) throws(DeviceError) {
    let isNew = try makeDirectory(directory)
    do throws(DeviceError) {
      let media = SimMedia(directory, topology: topology, isWritable: true)
      try media.create()
      for (index, dimm) in topology.dimms.enumerated() {
        guard let version = dimm.initialLabels, dimm.labelArea > 0 else { continue }
        try rethrowing {
          var labels = try SimLabels(
            dimm: index, areaSize: dimm.labelArea, rules: topology.profile.rules, media: media)
          try labels.initialize(version)
        }
      }
      try TextFile.write(topology.encoded, to: directory.appending(machineName))
    } catch {
      for name in SimMedia.names(of: topology) + [machineName] { unlink(directory.appending(name).string) }
      if isNew { rmdir(directory.string) }
      throw error
    }
  }

  /// The directory of undo records, kept by the changes themselves.
  public static func undoDirectory(_ directory: FilePath) -> FilePath { directory.appending("undo") }

  /// A file in which pmemctl notes what it did and the machine does not tell.
  ///
  /// - Parameters:
  ///   - name: One of ``noteNames``.
  ///   - directory: Of the machine.
  /// - Returns: Its path.
  public static func notes(_ name: String, in directory: FilePath) -> FilePath { directory.appending(name) }

  /// Names of files of notes, which are removed with the machine.
  public static let noteNames = ["scrubs.json", "overwrites.json", "injected.json"]

  /// Removes a machine and all its files; a directory with any other file in it stays, with that file.
  public static func destroy(_ directory: FilePath) throws(DeviceError) {
    let topology = try readTopology(directory)
    let lock = try MachineLock(directory.appending(machineName), exclusive: true)
    for name in SimMedia.names(of: topology) + [
      SimMedia.badBlocksName, SimMedia.healthName, SimMedia.securityName, SimMedia.platformName, runtimeName,
      pendingName, machineName,
    ] + noteNames {
      guard unlink(directory.appending(name).string) == 0 || errno == ENOENT else {
        throw ImageFile.failure("remove", directory.appending(name), Errno(rawValue: errno))
      }
    }
    removeUndo(directory)
    lock.release()
    guard rmdir(directory.string) == 0 else {
      throw DeviceError(
        .failed, "the machine is gone, but \(directory) holds other files and was left", errno: errno)
    }
  }

  /// Closes the machine and removes it; nothing can be done on it afterwards.
  public func destroy() throws(DeviceError) {
    lock.release()
    try Self.destroy(directory)
  }

  /// Only what is a record's by its name; nothing if `undo` is a symbolic link.
  private static func removeUndo(_ directory: FilePath) {
    let path = undoDirectory(directory).string
    let descriptor = Glibc.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    guard let stream = fdopendir(descriptor) else {
      close(descriptor)
      return
    }
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) {
        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      if [".json", ".new", ".progress"].contains(where: name.hasSuffix) { unlinkat(descriptor, name, 0) }
    }
    closedir(stream)
    rmdir(path)
  }

  /// Whether the directory was made by this call.
  private static func makeDirectory(_ directory: FilePath) throws(DeviceError) -> Bool {
    if mkdir(directory.string, 0o755) == 0 { return true }
    let reason = Errno(rawValue: errno)
    guard reason == .fileExists else { throw ImageFile.failure("make the directory", directory, reason) }
    guard let stream = opendir(directory.string) else {
      throw ImageFile.failure("read the directory", directory, Errno(rawValue: errno))
    }
    defer { closedir(stream) }
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) {
        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      guard name == "." || name == ".." else {
        throw DeviceError(
          .failed, "cannot create a simulated machine in \(directory): it is not empty",
          details: ["it holds \(name), perhaps more"], errno: ENOTEMPTY)
      }
    }
    return false
  }

  // MARK: Opening

  /// Opens a machine in the state that the last command saved.
  ///
  /// - Parameters:
  ///   - directory: Its path.
  ///   - forWriting: Keeps every other command out until the machine is closed; else only those that write.
  /// - Returns: The machine, locked.
  /// - Throws: `DeviceError.Code.notFound` for a foreign directory, `DeviceError.Code.corrupt` for damage.
  public static func open(_ directory: FilePath, forWriting: Bool) throws(DeviceError) -> SimMachine {
    try open(directory, forWriting: forWriting, power: PowerSupply())
  }

  /// As ``open(_:forWriting:)``, with a power supply that may fail.
  package static func open(
    _ directory: FilePath, forWriting: Bool, power: PowerSupply
  ) throws(DeviceError) -> SimMachine {
    let lock = try locked(directory, exclusive: forWriting)
    let topology = try readTopology(directory)
    let media = try readMedia(directory, topology, isWritable: forWriting, power: power)
    let kernel = try rethrowing { () throws -> SimKernel in
      guard let runtime = try readRuntime(directory, topology) else {
        return try SimKernel(booting: topology, media: media)
      }
      let resumed = try SimKernel(
        resuming: runtime.nvdimm, runtime.memory, runtime.view, topology: topology, media: media)
      // If a guest, or an editor, has written labels since, the saved state is discarded.
      guard resumed.nvdimm.labelFingerprint == runtime.labels else {
        return try SimKernel(booting: topology, media: media)
      }
      return resumed
    }
    try rethrowing { try kernel.nvdimm.letTimePass() }
    return SimMachine(directory: directory, topology: topology, kernel: kernel, lock: lock)
  }

  private static func locked(_ directory: FilePath, exclusive: Bool) throws(DeviceError) -> MachineLock {
    do {
      return try MachineLock(directory.appending(machineName), exclusive: exclusive)
    } catch {
      throw error.code == .notFound ? foreign(directory) : error
    }
  }

  private static func foreign(_ directory: FilePath) -> DeviceError {
    DeviceError(
      .notFound, "\(directory) is not a simulated machine",
      details: ["there is no file \"\(machineName)\" in it"],
      try: ["pmemctl sim create \(directory.string) --dimm 2GiB"])
  }

  private static func readTopology(_ directory: FilePath) throws(DeviceError) -> SimTopology {
    let path = directory.appending(machineName)
    guard let text = try TextFile.read(path) else { throw foreign(directory) }
    return try SimTopology(parsing: text, file: path.string)
  }

  /// Records that a machine keeps in a file of their own.
  ///
  /// - Returns: nil if there is no such file: nothing was recorded.
  private static func readRecords<Records>(
    _ name: String, in directory: FilePath, _ parse: (String, String) throws(DeviceError) -> Records
  ) throws(DeviceError) -> Records? {
    let path = directory.appending(name)
    guard let text = try TextFile.read(path) else { return nil }
    return try parse(text, path.string)
  }

  private static func readMedia(
    _ directory: FilePath, _ topology: SimTopology, isWritable: Bool, power: PowerSupply
  ) throws(DeviceError) -> SimMedia {
    let dimms = topology.dimms.count
    let badBlocks = try readRecords(SimMedia.badBlocksName, in: directory) { text, file throws(DeviceError) in
      try SimBadBlocks(parsing: text, regions: topology.regions, file: file)
    }
    let health = try readRecords(SimMedia.healthName, in: directory) { text, file throws(DeviceError) in
      try HealthRecords(parsing: text, dimms: dimms, file: file)
    }
    let security = try readRecords(SimMedia.securityName, in: directory) { text, file throws(DeviceError) in
      try SecurityRecords(parsing: text, dimms: dimms, file: file)
    }
    let platform = try readRecords(SimMedia.platformName, in: directory) { text, file throws(DeviceError) in
      try PlatformRecords(parsing: text, dimms: dimms, file: file)
    }
    return SimMedia(
      directory, topology: topology, isWritable: isWritable, power: power,
      badBlocks: badBlocks ?? SimBadBlocks(),
      health: health ?? HealthRecords(), security: security ?? SecurityRecords(),
      platform: platform ?? PlatformRecords())
  }

  private static func readRuntime(
    _ directory: FilePath, _ topology: SimTopology
  ) throws(DeviceError) -> SimRuntime? {
    let path = directory.appending(runtimeName)
    guard let text = try TextFile.read(path) else { return nil }
    return try SimRuntime(parsing: text, of: topology, file: path.string)
  }

  /// Forgets what the kernel has in memory: the next command finds the media, and boots.
  public static func reboot(_ directory: FilePath) throws(DeviceError) {
    let lock = try locked(directory, exclusive: true)
    defer { lock.release() }
    _ = try readTopology(directory)
    // A power cycle withdraws what was injected.
    unlink(directory.appending("injected.json").string)
    let path = directory.appending(runtimeName)
    guard unlink(path.string) == 0 || errno == ENOENT else {
      throw ImageFile.failure("remove", path, Errno(rawValue: errno))
    }
  }

  static func rethrowing<Result>(_ body: () throws -> Result) throws(DeviceError) -> Result {
    do { return try body() } catch let error as DeviceError { throw error } catch let fault as KernelRefusal {
      throw DeviceError(.failed, fault.reason, errno: fault.errno)
    } catch { throw DeviceError(.failed, "\(error)") }
  }

  // MARK: Snapshots

  /// The kernel's memory at one time; media are not part of it.
  public struct Snapshot: Hashable, Sendable {
    let model: MemoryModel
    let cxl: CxlModel
    let regions: [SimRegion]
    let writes: Int

    /// Hashes it: two snapshots of a machine with the same hash have the same future
    /// (`MemoryModel.hashCanonically(into:)`).
    public func hashCanonically(into hasher: inout Hasher) {
      model.hashCanonically(into: &hasher)
      hasher.combine(cxl.state)
      hasher.combine(regions)
    }
  }

  public var snapshot: Snapshot {
    Snapshot(
      model: kernel.model, cxl: kernel.nvdimm.cxl, regions: kernel.nvdimm.regions,
      writes: kernel.media.power.writes)
  }

  /// Puts back what the kernel had in memory.
  ///
  /// - Throws: `DeviceError.Code.failed` if media were written to since: they cannot be restored.
  public func restore(_ snapshot: Snapshot) throws(DeviceError) {
    guard kernel.media.power.writes == snapshot.writes else {
      throw DeviceError(.failed, "media were written to: that cannot be undone")
    }
    kernel.restore(snapshot.cxl, snapshot.regions, snapshot.model)
  }

  /// Whether media were written to since a snapshot, which can then not be restored.
  public func hasWritten(since snapshot: Snapshot) -> Bool { kernel.media.power.writes != snapshot.writes }

  /// Whether what the kernel has in memory would be the same after it was written down and read again.
  ///
  /// - Throws: The error of reading back what was written.
  package func stateRoundTrips() throws(DeviceError) -> Bool {
    let read = try SimRuntime(
      parsing: SimRuntime(kernel).text, of: topology, file: Self.runtimeName)
    return read.memory == kernel.storedModel.state && read.nvdimm == kernel.nvdimm.state
  }

  /// Takes rules out of the memory model, for as long as the machine is open.
  public func disable(rules: Set<ModelRule>) { kernel.disable(rules: rules) }

  // MARK: Changing

  /// Runs one change on the kernel and remembers what it made of it; see the type's description for what a
  /// crash in it leaves. A change that cannot be remembered is not begun.
  func change(_ body: (SimKernel) throws -> Void) throws {
    guard !kernel.media.power.isOff else { throw kernel.media.power.failure }
    guard persistsState else { return try body(kernel) }
    if !isReserved { try beginForgetting() }
    guard deferredSteps == nil else { return try body(kernel) }
    do {
      try body(kernel)
    } catch {
      guard !kernel.media.power.isOff else { throw error }
      // The change's own error is more specific; synchronize() tries again.
      try? remember()
      throw error
    }
    try remember()
  }

  private var runtimePath: FilePath { directory.appending(Self.runtimeName) }
  private var pendingPath: FilePath { directory.appending(Self.pendingName) }

  /// From here on a crash leaves the media alone; there is room for what is written down in the end.
  private func beginForgetting() throws(DeviceError) {
    isForgotten = true
    // A step adds a namespace, and a label to each DIMM of its region.
    let added = (deferredSteps ?? 0) * (topology.dimms.count + 1) * 1024
    try TextFile.reserve(pendingPath, replacing: runtimePath, bytes: kernel.longestMemory + added)
    isReserved = true
  }

  private func remember() throws(DeviceError) {
    isReserved = false
    try TextFile.complete(SimRuntime(kernel).text, pendingPath, as: runtimePath)
    isForgotten = false
  }

  /// Announces the steps of a plan. If they are many, what the kernel has in memory is written down by ``synchronize()``.
  func beginPlan(steps: Int) {
    deferredSteps = steps > Self.mostStepsEachWritten ? steps : nil
  }

  /// Writes down what the kernel has in memory, if an earlier change could not, or did not because of a long plan.
  ///
  /// - Throws: The disk's error; the next command will find the media as after a power cut.
  func synchronize() throws {
    deferredSteps = nil
    guard isForgotten, persistsState, !kernel.media.power.isOff else { return }
    if !isReserved { try beginForgetting() }
    try remember()
  }
}
