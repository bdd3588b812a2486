import PmemDevice
import PmemMedia

/// The devices that a change touches: an undo restores these, and leaves the rest of the machine as it is.
struct ChangeScope: Hashable {
  /// Namespaces whose labels it writes, by the UUID of the label.
  var uuids: Set<DeviceUUID> = []
  /// Namespaces that it enables, disables or overwrites, by kernel name then.
  var namespaces: Set<String> = []
  /// Regions and DIMMs that it enables or disables.
  var regions: Set<String> = []
  var dimms: Set<String> = []
  /// DIMMs whose label area it writes whole.
  var areas: Set<String> = []
  /// DIMMs on whose label areas it writes at all.
  var labeled: Set<String> = []
  /// DAX devices that it changes; new ones are not among them.
  var devices: Set<String> = []
  /// CXL regions that it creates, by UUID and by name, and those that it removes, by name then.
  var cxl: Set<String> = []
  /// Whether it creates or removes DAX devices.
  var dividesDevices = false
  /// What it changes that no step restores.
  var care = CareScope()

  init() {}

  /// Whether the change touches a namespace: its labels, or what it is.
  func contains(_ namespace: Namespace) -> Bool {
    namespaces.contains(namespace.dev) || namespace.labelUUID.map(uuids.contains) ?? false
  }

  /// - Parameter inventory: Of the machine as it is now.
  /// - Returns: Kernel names of all that is touched: also of the regions of DIMMs, and of what labels are called now.
  func subjects(in inventory: Inventory) -> Set<String> {
    let dimms = dimms.union(areas).union(labeled)
    let touched = inventory.regions.filter { region in region.mappings.contains { dimms.contains($0.dimm) } }
    return namespaces.union(regions).union(dimms).union(devices).union(touched.map(\.dev))
      .union(inventory.namespaces.filter(contains).map(\.dev))
  }

  /// - Parameters:
  ///   - plan: Of the change.
  ///   - inventory: That the plan was made from.
  init(of plan: Plan, from inventory: Inventory) {
    for entry in plan.entries { add(entry.step, inventory) }
  }

  private mutating func add(_ step: Step, _ inventory: Inventory) {
    switch step {
    case .allocate(let allocation):
      uuids.insert(allocation.uuid)
      addLabels(of: allocation.namespace, inventory)
    case .identify(let name, let uuid):
      uuids.insert(uuid)
      add(name, inventory)
      addLabels(of: name, inventory)
    case .claim(let name, _), .free(let name), .rename(let name, _), .setMode(let name, _),
      .resize(let name, _):
      add(name, inventory)
      addLabels(of: name, inventory)
    case .release(let name), .enable(let name), .disable(let name), .zeroInfoBlock(let name),
      .write(let name, _, _), .clearErrors(let name, _):
      add(name, inventory)
    case .enableRegion(let name), .disableRegion(let name):
      regions.insert(name)
      guard let region = inventory.regions.first(where: { $0.dev == name }) else { return }
      namespaces.formUnion(region.configuredNamespaces.map(\.dev))
    case .createCxlRegion(let recipe):
      cxl.insert(recipe.region)
      if let uuid = recipe.uuid { cxl.insert(uuid.description) }
    case .destroyCxlRegion(let name):
      cxl.insert(name)
      regions.insert(name)
    // Nothing is lost by it: there is nothing to restore.
    case .enableCxlRegion: break
    case .enableDimm(let name), .disableDimm(let name), .security(let name, _): dimms.insert(name)
    case .initializeLabels(let dimm, _): areas.insert(dimm)
    case .writeLabels(let dimm, let bytes):
      areas.insert(dimm)
      uuids.formUnion(LabelStore(bytes).active.map(\.uuid))
    case .bindDevice(let device, _), .unbindDevice(let device), .onlineMemory(let device, _),
      .offlineMemory(let device):
      devices.insert(device)
    case .resizeDevice(let device, _), .destroyDevice(let device):
      devices.insert(device)
      dividesDevices = true
    case .createDevice: dividesDevices = true
    case .startScrub(let bus): care.scrubs.insert(bus)
    case .injectErrors(let namespace, _, _), .withdrawErrors(let namespace, _): care.errors.insert(namespace)
    case .injectHealth(let dimm, _): care.health.insert(dimm)
    case .setAlarms(let dimm, _): care.alarms.insert(dimm)
    case .firmware(let dimm, _): care.firmware.insert(dimm)
    case .activateFirmware(let bus, _):
      let members = inventory.buses.first { $0.dev == bus }?.dimms ?? []
      care.firmware.formUnion(members.map(\.dev))
    }
  }

  /// A step names a namespace by kernel name, or by the UUID of its label.
  private static func find(_ name: String, _ inventory: Inventory) -> Namespace? {
    let uuid = DeviceUUID(name)
    return inventory.namespaces.first { namespace in
      uuid == nil ? namespace.dev == name : namespace.labelUUID == uuid
    }
  }

  private mutating func add(_ name: String, _ inventory: Inventory) {
    guard let namespace = Self.find(name, inventory), !namespace.isSeed else { return }
    namespaces.insert(namespace.dev)
  }

  private mutating func addLabels(of name: String, _ inventory: Inventory) {
    if let uuid = DeviceUUID(name) { uuids.insert(uuid) }
    guard let namespace = Self.find(name, inventory), let region = inventory.region(of: namespace),
      region.isLabeled
    else { return }
    if !namespace.isSeed, let uuid = namespace.labelUUID { uuids.insert(uuid) }
    labeled.formUnion(region.mappings.map(\.dimm))
  }
}

extension MachineState {
  /// The state of what a change touches, before it.
  ///
  /// - Parameters:
  ///   - scope: Gets the UUIDs of all labels in areas that the change writes whole.
  ///   - inventory: Of the machine.
  ///   - backend: Its label areas are read.
  /// - Throws: The error of reading.
  init(of scope: inout ChangeScope, in inventory: Inventory, on backend: any DeviceBackend)
    throws(DeviceError)
  {
    for dimm in inventory.dimms {
      let hasLabels = scope.labeled.contains(dimm.dev) || scope.areas.contains(dimm.dev)
      guard hasLabels || scope.dimms.contains(dimm.dev) else { continue }
      var state = DimmState(dev: dimm.dev, id: dimm.id, isEnabled: dimm.isEnabled)
      state.security = dimm.security
      if hasLabels, dimm.labels != nil {
        let bytes = try backend.readLabels(dimm: dimm.dev)
        state.labels = bytes
        if scope.areas.contains(dimm.dev) { scope.uuids.formUnion(LabelStore(bytes).active.map(\.uuid)) }
      }
      dimms.append(state)
    }
    for region in inventory.regions {
      let members = region.mappings.map(\.dimm)
      let isTouched =
        scope.regions.contains(region.dev) || !scope.labeled.union(scope.areas).isDisjoint(with: members)
      let touched = region.configuredNamespaces.filter { namespace in
        scope.namespaces.contains(namespace.dev)
          || region.isLabeled && namespace.labelUUID.map(scope.uuids.contains) ?? false
      }
      guard isTouched || !touched.isEmpty else { continue }
      let recipe = inventory.cxlRegion(of: region).flatMap { CxlRecipe($0, in: inventory.cxl) }
      regions.append(
        RegionState(
          dev: region.dev, dimms: members, isEnabled: region.isEnabled, cxl: recipe))
      for namespace in touched {
        var state = NamespaceState(namespace, in: region)
        if state.mode == nil { state.mode = labeledMode(of: state) }
        namespaces.append(state)
      }
    }
    // libnvdimm has no region of volatile memory.
    for region in inventory.cxl.regions where region.kind == .ram && scope.cxl.contains(region.dev) {
      regions.append(
        RegionState(dev: region.dev, dimms: [], isEnabled: true, cxl: CxlRecipe(region, in: inventory.cxl)))
    }
    facts = try CareFacts(scope.care, inventory, backend)
    devices = inventory.daxDevices.filter { placed in
      scope.dividesDevices && placed.region.isDivisible || scope.devices.contains(placed.device.chardev)
        || placed.namespace.map { scope.namespaces.contains($0.dev) } ?? false
    }.map(DeviceState.init)
  }

  /// The mode of a disabled namespace, from its label; nil if none was kept.
  private func labeledMode(of namespace: NamespaceState) -> NamespaceMode? {
    for dimm in dimms {
      guard let bytes = dimm.labels,
        let label = LabelStore(bytes).active.first(where: { $0.uuid == namespace.uuid })
      else { continue }
      switch label.claimClass {
      case .btt, .btt2: return .sector
      case .pfn: return .fsdax
      case .dax: return .devdax
      case .some(.none), nil: return .raw
      }
    }
    return nil
  }
}
