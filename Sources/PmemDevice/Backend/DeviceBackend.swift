/// A machine: the real kernel or a simulated one.
///
/// A backend answers what there is and performs primitive steps. It has no opinions: every rule about what
/// should be done is in the planners, so that both backends obey the same ones.
public protocol DeviceBackend: MediaBackend {
  /// `kernel` or `simulated`.
  var kind: String { get }

  /// Reads everything, once, consistently.
  func inventory(_ depth: InventoryDepth) throws(DeviceError) -> Inventory

  /// Kernel names of buses, DIMMs, regions, namespaces and DAX devices in the order in which the machine lists them. It is
  /// that of the last inventory, whose own order is by number.
  ///
  /// - Returns: Empty if both are the same.
  var deviceOrder: [String] { get }

  /// Asks DIMMs for their health; reads, and writes nothing.
  ///
  /// - Parameter dimms: Of the present inventory.
  /// - Returns: A reading for each, in their order.
  /// - Throws: If the machine cannot be asked at all; what one DIMM refuses is in its reading.
  func health(of dimms: [DIMM]) throws(DeviceError) -> [HealthReading]

  /// The security of DIMMs, and which keys for them are here; reads, and writes nothing.
  ///
  /// - Parameter dimms: Of the present inventory.
  /// - Returns: One for each, in their order.
  /// - Throws: If the machine cannot be asked at all.
  func security(of dimms: [DIMM]) throws(DeviceError) -> [DimmSecurity]

  /// The scrubs of buses; reads, and writes nothing.
  ///
  /// - Parameter buses: Of the present inventory.
  /// - Returns: One for each, in their order.
  /// - Throws: If the machine cannot be asked at all.
  func scrubs(of buses: [Bus]) throws(DeviceError) -> [BusScrub]

  /// The firmware of DIMMs; reads, and writes nothing.
  ///
  /// - Parameter dimms: Of the present inventory.
  /// - Returns: A reading for each, in their order.
  /// - Throws: If the machine cannot be asked at all; what one DIMM refuses is in its reading.
  func firmware(of dimms: [DIMM]) throws(DeviceError) -> [FirmwareReading]

  /// Whether the firmware of the DIMMs of buses can be activated while the machine runs, and how.
  ///
  /// - Parameter buses: Of the present inventory.
  /// - Returns: One for each, in their order.
  /// - Throws: If the machine cannot be asked at all.
  func activation(of buses: [Bus]) throws(DeviceError) -> [FirmwareActivation]

  /// The cookie that ties labels to the set of a region's DIMMs: that for version 1.1 where index blocks of it are, else that
  /// for 1.2 (region_devs.c:nd_region_interleave_set_cookie).
  ///
  /// - Parameter region: Of the present inventory, with labels or without.
  /// - Returns: nil if the kernel shows none: the region has no DIMMs, or one is disabled.
  /// - Throws: If the machine cannot be asked at all.
  func setCookie(of region: Region) throws(DeviceError) -> UInt64?

  /// Errors that were injected into namespaces, as far as the platform tells.
  ///
  /// - Parameter namespaces: Of the present inventory.
  /// - Returns: For each, in their order: ranges of its data, bytes; nil if its bus has no error injection.
  /// - Throws: The kernel's error.
  func injectedErrors(of namespaces: [Namespace]) throws(DeviceError) -> [[Extent]?]

  /// Which parts of their health DIMMs can be made to report otherwise.
  ///
  /// - Parameter dimms: Of the present inventory.
  /// - Returns: For each, in their order.
  /// - Throws: If the machine cannot be asked at all.
  func injectableHealth(of dimms: [DIMM]) throws(DeviceError) -> [Set<HealthInjection.Kind>]

  /// How the alarms of DIMMs are set: which of them can be, what their thresholds are, and which are watched.
  ///
  /// - Parameter dimms: Of the present inventory.
  /// - Returns: For each, in their order; those of a DIMM whose alarms cannot be set are empty.
  /// - Throws: If the machine cannot be asked at all.
  func alarms(of dimms: [DIMM]) throws(DeviceError) -> [AlarmSettings]

  /// Loads the passphrases of DIMMs into the kernel's keyring, in which the driver of a DIMM looks for them.
  ///
  /// - Parameters:
  ///   - dimms: Of the present inventory: all.
  ///   - directory: Of the key files; nil for the usual one.
  /// - Returns: What became of each key.
  /// - Throws: If there is no keyring, or the files cannot be read.
  func loadKeys(of dimms: [DIMM], from directory: String?) throws(DeviceError) -> LoadedKeys

  /// Performs one change. An error does not say how much of it took effect: the caller reads back.
  func perform(_ step: Step) throws(DeviceError)

  /// Announces the steps of a plan, which ends with ``synchronize()``. A machine that writes its state to a file may write
  /// it once for all of them.
  ///
  /// - Parameter steps: How many.
  func beginPlan(steps: Int)

  /// Makes what the machine remembers of its state durable, if an earlier step could not, or did not because of
  /// ``beginPlan(steps:)``.
  ///
  /// - Throws: If it still cannot; the state is lost with the process then.
  func synchronize() throws(DeviceError)
}

extension DeviceBackend {
  /// A kernel remembers its state by itself.
  public func synchronize() throws(DeviceError) {}
  public func beginPlan(steps: Int) {}
  public var deviceOrder: [String] { [] }

  /// Whether nothing of it is real.
  public var isSimulated: Bool { kind == "simulated" }
}

/// How much an inventory reads.
public enum InventoryDepth: Hashable, Sendable {
  /// The attributes that lists show: from sysfs alone, readable by any user.
  case listing
  /// Also what a plan rests on: the format of the labels, read from the DIMMs by root.
  case planning
}

/// Finds who uses persistent memory; asked before anything is disabled or destroyed.
public protocol UsageInspector: AnyObject {
  /// Who uses namespaces, and what taking them away would do to each.
  ///
  /// - Parameters:
  ///   - namespaces: Which; disabled ones have no users.
  ///   - inventory: The inventory of this machine, for its other devices and its kernel.
  /// - Returns: In the order of the namespaces; empty if no process is visible.
  /// - Throws: The kernel's error.
  func usage(of namespaces: [Namespace], in inventory: Inventory) throws(DeviceError) -> UsageReport

  /// The mappings of persistent memory on this machine.
  ///
  /// - Parameters:
  ///   - inventory: Of this machine.
  ///   - pid: Only this process's; nil for all.
  ///   - interface: How to ask the kernel; nil for the cheapest that works. A simulated machine has only one way.
  /// - Returns: The mappings that could be seen, by process, then by address.
  /// - Throws: ``DeviceError/Code/unsupported`` if the interface is not available.
  func mappings(
    in inventory: Inventory, pid: Int?, interface: MappingInterface?
  ) throws(DeviceError) -> MappingReport

  /// The references to pages of namespaces beyond what the kernel gives an unused or mapped page.
  ///
  /// - Parameters:
  ///   - namespaces: Which; those without pages of their own (raw, sector, disabled) are passed over.
  ///   - inventory: Of this machine.
  ///   - isAttributed: Also who holds them, which files they are in, and for how long.
  /// - Returns: A device for each namespace, in their order.
  /// - Throws: The kernel's error.
  func pins(
    of namespaces: [Namespace], in inventory: Inventory, isAttributed: Bool
  ) throws(DeviceError) -> PinReport

  /// Mount points of filesystems on namespaces, also through partitions and stacked devices: in this process's mount
  /// namespace. Cheap; all users are in ``usage(of:in:)``.
  ///
  /// - Returns: By the namespace's kernel name, in the order of mounting.
  func mountPoints(in inventory: Inventory) -> [String: [RawText]]

  /// The files of mounted filesystems with data on bad blocks of a namespace, also through partitions and stacked devices.
  ///
  /// It walks every file that is mounted in this process's mount namespace, which takes as long as `find` does.
  func damagedFiles(of namespace: Namespace, in inventory: Inventory) -> DamagedFiles

  /// Users of this machine that cannot be seen from this process, as far as that is known without searching for them.
  func unseen(in inventory: Inventory) -> [Unseen]
}

extension UsageInspector {
  public func unseen(in inventory: Inventory) -> [Unseen] { [] }

  public func mountPoints(in inventory: Inventory) -> [String: [RawText]] { [:] }

  public func damagedFiles(of namespace: Namespace, in inventory: Inventory) -> DamagedFiles {
    DamagedFiles()
  }
}
