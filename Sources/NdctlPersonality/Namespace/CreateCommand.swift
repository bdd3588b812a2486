import PmemDevice
import PmemctlCommands

/// `ndctl create-namespace`: the first region in the library's order that can have it, or an existing namespace, recreated.
enum CreateCommand {
  static let command = ToolCommand("create-namespace", "[<options>]", CreateOptions.specs, run: run)

  private static func run(_ session: ToolSession) throws -> ReturnCode {
    let options = try CreateOptions(session)
    let creation = Creation(session, options)
    var code = try creation.run()
    if options.continues {
      session.note("created \(counted(creation.count, "namespace"))")
    }
    if code.isError || options.target == nil && creation.count < 1, !creation.isExplained {
      session.note(
        "failed to \(options.target == nil ? "create" : "reconfigure") namespace: \(code.text)")
      if options.target == nil { code = .noDevice }
    }
    return code
  }
}

/// Creating namespaces until one is there, or with `--continue` one on each region.
final class Creation {
  private let session: ToolSession
  private let options: CreateOptions
  private(set) var count = 0
  /// Whether a message has said what failed.
  private(set) var isExplained = false

  init(_ session: ToolSession, _ options: CreateOptions) {
    self.session = session
    self.options = options
  }

  func run() throws -> ReturnCode {
    guard let target = options.target else { return try create() }
    return try reconfigure(target)
  }

  // MARK: New

  private func create() throws -> ReturnCode {
    var code: ReturnCode = .noDeviceOrAddress
    var saved: ReturnCode?
    for name in try regions().map(\.dev) {
      let tree = try session.devices(.planning, forWriting: true)
      guard let region = tree.inventory.regions.first(where: { $0.dev == name }) else { continue }
      code = try create(on: region, tree)
      if code == .tryAgain { continue }
      if code == .done {
        count += 1
        if options.continues { continue }
      } else if options.continues, options.force {
        saved = code
        continue
      }
      return code
    }
    if code == .tryAgain { code = options.continues && count > 0 ? .done : .noSpace }
    return saved ?? code
  }

  private func regions() throws -> [Region] {
    guard options.type != "blk" else { return [] }
    return try session.devices(.planning, forWriting: true).buses
      .filter { Selectors.matches($0, session.options.text("bus")) }
      .flatMap(\.regions).filter { Selectors.matches($0, session.options.text("region")) }
  }

  private func create(on region: Region, _ tree: DeviceTree) throws -> ReturnCode {
    let check = CreateCheck(options, region, namespace: nil, host: tree.inventory.host)
    let request: NamespaceCreateRequest
    switch check.request() {
    case .failure(let refusal): return report(refusal)
    case .success(let made): request = made
    }
    guard !region.isReadOnly, let seed = region.nextNamespace(isLabeled: region.isLabeled), !seed.isEnabled
    else { return .tryAgain }
    let code = session.perform(on: tree) { _ throws(DeviceError) in
      try self.plan(request, tree)
    }
    return try conclude(code, seed.dev)
  }

  private func plan(_ request: NamespaceCreateRequest, _ tree: DeviceTree) throws(DeviceError) -> Plan {
    var plan = try NamespaceCreatePlanner(request, inventory: tree.inventory).plan().plan
    guard let uuid = options.uuid, uuid.isNull else { return plan }
    // No request can have it, and scripts test with it.
    for index in plan.entries.indices {
      guard case .allocate(var allocation) = plan.entries[index].step else { continue }
      allocation.uuid = uuid
      plan.entries[index].step = .allocate(allocation)
    }
    return plan
  }

  // MARK: Recreation

  private func reconfigure(_ name: String) throws -> ReturnCode {
    let tree = try session.devices(.planning, forWriting: true)
    guard let namespace = NamespaceWalk.targets(name, tree, session).first,
      let region = tree.inventory.region(of: namespace), options.type == nil || options.type == region.type
    else { return name == "all" ? .done : .noDeviceOrAddress }
    let check = CreateCheck(options, region, namespace: namespace, host: tree.inventory.host)
    let request: NamespaceCreateRequest
    switch check.request() {
    case .failure(let refusal): return report(refusal)
    case .success(let made): request = made
    }
    if let refused = Reconfiguration.refusal(of: namespace, in: region, session) { return refused.code }
    guard !namespace.isSeed else { return try begin(namespace, on: region, tree) }
    if !region.isLabeled, options.autolabel, canHaveLabels(region, tree) {
      return try relabel(region, namespace, tree)
    }
    let code = session.perform(on: tree) { machine throws(DeviceError) in
      let planner = try NamespaceReconfigurePlanner(
        namespace, as: namespace, in: tree.inventory, inspector: self.session.inspector(machine),
        contents: nil)
      return try planner.plan(self.recreation(request, namespace, region)).plan
    }
    return try conclude(code, namespace.dev)
  }

  /// On the device of the next namespace a new one is created, if its size is given. Without one ndctl leaves a UUID on the device,
  /// and every later namespace fails.
  private func begin(_ idle: Namespace, on region: Region, _ tree: DeviceTree) throws -> ReturnCode {
    session.complain("create namespace: \(idle.dev) failed to enable for zeroing, continuing")
    guard options.size != nil, region.nextNamespace?.dev == idle.dev else {
      fail("\(idle.dev): set_size failed: \(ReturnCode.invalid.text)")
      return .invalid
    }
    let code = try create(on: region, tree)
    return code == .tryAgain ? .noSpace : code
  }

  private func recreation(
    _ request: NamespaceCreateRequest, _ namespace: Namespace, _ region: Region
  ) -> NamespaceReconfigureRequest {
    var recreation = NamespaceReconfigureRequest(
      mode: request.mode, map: request.map, align: request.align,
      sectorSize: request.mode == .sector ? request.sectorSize : nil,
      name: region.isLabeled ? options.name : nil, force: true)
    if region.isLabeled {
      recreation.uuid = options.uuid ?? .random()
      if case .bytes(let size) = request.amount, size != namespace.rawSize {
        recreation.amount = request.amount
      }
    }
    recreation.recreates = true
    return recreation
  }

  // MARK: Labels for a region that has none

  private func canHaveLabels(_ region: Region, _ tree: DeviceTree) -> Bool {
    let dimms = dimms(of: region, tree)
    return !dimms.isEmpty && dimms.allSatisfy { $0.labels != nil }
  }

  private func dimms(of region: Region, _ tree: DeviceTree) -> [DIMM] {
    tree.inventory.dimms.filter { dimm in region.mappings.contains { $0.dimm == dimm.dev } }
  }

  private func relabel(_ region: Region, _ namespace: Namespace, _ tree: DeviceTree) throws -> ReturnCode {
    let dimms = dimms(of: region, tree)
    let others = tree.inventory.regions(on: dimms).filter { $0.id != region.id && $0.isEnabled }
    guard others.isEmpty else {
      for dimm in dimms where others.contains(where: { $0.mappings.contains { $0.dimm == dimm.dev } }) {
        session.note("\(dimm.dev) is active in \(region.dev), failing autolabel")
      }
      fail("\(region.dev): failed to initialize labels")
      return .busy
    }
    let code = session.perform(on: tree) { machine throws(DeviceError) in
      let destroyed = try NamespaceCommands.planner(tree, self.session.inspector(machine))
        .destroy([namespace], force: true)
      var plan = try LabelPlanner(
        tree.inventory, inspector: self.session.inspector(machine), contents: nil
      ).initialize(dimms, version: .v12, force: true)
      // The namespace is disabled before its first bytes are zeros, and its region behind that.
      let seen = destroyed.entries.map(\.step)
      plan.entries = destroyed.entries + plan.entries.filter { !seen.contains($0.step) }
      plan.saves += destroyed.saves
      return plan
    }
    guard code == .done else { return code }
    let now = try session.devices(.planning, forWriting: true)
    guard let labeled = now.inventory.regions.first(where: { $0.dev == region.dev }), labeled.isLabeled else {
      fail("\(region.dev): failed to initialize labels")
      return .busy
    }
    let made = CreateCheck(options, labeled, namespace: nil, host: now.inventory.host, default: namespace)
      .request()
    switch made {
    case .failure(let refusal): return report(refusal)
    case .success(let request):
      let seed = labeled.nextNamespace?.dev ?? namespace.dev
      return try conclude(
        session.perform(on: now) { _ throws(DeviceError) in try self.plan(request, now) }, seed)
    }
  }

  // MARK: What came of it

  private func report(_ refusal: CreateCheck.Refusal) -> ReturnCode {
    for text in refusal.texts {
      if refusal.isExplained { fail(text) } else { session.complain(text) }
    }
    return refusal.code
  }

  private func fail(_ text: String) {
    isExplained = true
    session.complain("create namespace: \(text)")
  }

  private func conclude(_ code: ReturnCode, _ dev: String) throws -> ReturnCode {
    guard code == .done else {
      if code != .busy, code != .notPermitted { session.complain("\(dev): failed to enable") }
      return code
    }
    let tree = try session.devices(.listing)
    var selection = ListSelection()
    selection.showsDax = true
    let objects = DeviceObjects(selection, style: NumberStyle(isHuman: session.isTerminal))
    for region in tree.inventory.regions {
      for namespace in region.namespaces where namespace.dev == dev {
        try session.answer(.object(objects.namespace(namespace, in: region)))
      }
    }
    if options.target != nil { count = 1 }
    return code
  }
}

extension ReturnCode {
  /// The next region is tried.
  static let tryAgain = ReturnCode(value: -11)
}

extension Region {
  /// The device that a new namespace takes; of a label-less region the only one that there is.
  func nextNamespace(isLabeled: Bool) -> Namespace? {
    isLabeled ? nextNamespace : namespaces.first { $0.id == 0 }
  }
}
