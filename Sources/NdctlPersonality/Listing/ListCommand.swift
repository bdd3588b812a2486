import PmemDevice
import PmemctlCommands

/// `ndctl list`.
enum ListCommand {
  static let command = ToolCommand(
    "list", "[<options>]",
    [
      OptionSpec("b", "bus", .text, "bus-id", "only this bus"),
      OptionSpec("r", "region", .text, "region-id", "only this region"),
      OptionSpec("d", "dimm", .text, "dimm-id", "only this DIMM"),
      OptionSpec("n", "namespace", .text, "namespace-id", "only this namespace"),
      OptionSpec("m", "mode", .text, "namespace-mode", "only namespaces of this mode"),
      OptionSpec("t", "type", .text, "region-type", "only regions of this type"),
      OptionSpec("U", "numa-node", .text, "numa node", "only on this NUMA node"),
      OptionSpec("B", "buses", .flag, nil, "list buses"),
      OptionSpec("D", "dimms", .flag, nil, "list DIMMs"),
      OptionSpec("F", "firmware", .flag, nil, "with firmware"),
      OptionSpec("H", "health", .flag, nil, "with the health of DIMMs"),
      OptionSpec("R", "regions", .flag, nil, "list regions"),
      OptionSpec("N", "namespaces", .flag, nil, "list namespaces, the default"),
      OptionSpec("X", "device-dax", .flag, nil, "with DAX devices"),
      OptionSpec("C", "capabilities", .flag, nil, "with capabilities of regions"),
      OptionSpec("i", "idle", .flag, nil, "also idle ones"),
      OptionSpec("c", "configured", .flag, nil, "also configured ones that are disabled"),
      OptionSpec("M", "media-errors", .flag, nil, "with bad blocks"),
      OptionSpec("u", "human", .flag, nil, "human-readable sizes and identifiers"),
      OptionSpec("v", "verbose", .counter, nil, "more detail; may be repeated"),
    ], run: run)

  private static func run(_ session: ToolSession) throws -> ReturnCode {
    let options = session.options
    try session.refuseNames()
    let selection = ListSelection(options, lint: session.isSet("NDCTL_LIST_LINT"))
    guard let filter = ListFilter(session, selection) else { return .invalid }
    let tree = try session.devices(.listing)
    let shown = tree.buses.filter(filter.selectors.admits)
    let health = try selection.showsHealth ? self.health(shown.flatMap(\.dimms), session) : [:]
    let objects = DeviceObjects(selection, style: NumberStyle(isHuman: options.flag("human")))
    let firmware = try selection.showsFirmware ? FirmwareFacts(of: shown, session) : nil
    let listed = shown.map { ListedBus($0, filter, objects, firmware: firmware, health: health) }
    if let value = ListShape.arrange(listed, collapses: options.flag("human")) { try session.answer(value) }
    return .done
  }

  private static func health(
    _ dimms: [DIMM], _ session: ToolSession
  ) throws(DeviceError) -> [String: HealthReading] {
    let readings = try session.machine(forWriting: false).backend.health(of: dimms)
    return Dictionary(zip(dimms.map(\.dev), readings)) { first, _ in first }
  }
}

/// Which devices are listed.
struct ListFilter {
  let selectors: Selectors
  let selection: ListSelection
  private let type: String?
  private let mode: NamespaceMode?
  /// nil for all.
  private let node: Int?

  /// - Returns: nil after a complaint about a word that has no meaning.
  init?(_ session: ToolSession, _ selection: ListSelection) {
    let options = session.options
    self.selection = selection
    selectors = Selectors(
      bus: options.text("bus"), region: options.text("region"), dimm: options.text("dimm"),
      namespace: options.text("namespace"))
    type = options.text("type")
    if let type, type != "pmem", type != "blk" {
      session.complain("unknown type \"\(type)\" must be \"pmem\" or \"blk\"")
      return nil
    }
    let word = selection.onlyDevdax ? "dax" : options.text("mode")
    mode = word.flatMap(NamespaceMode.init(parsing:))
    if let word, mode == nil {
      session.complain("invalid mode: '\(word)'")
      return nil
    }
    guard let text = options.text("numa-node"), text != "all" else {
      node = nil
      return
    }
    guard let number = Self.signed(text) else {
      session.complain("invalid numa_node: '\(text)'")
      return nil
    }
    // The library's word for "any".
    node = number == -1 ? nil : number
  }

  private static func signed(_ text: String) -> Int? {
    if text.hasPrefix("-") { return Selectors.unsigned(String(text.dropFirst())).map { -$0 } }
    return Selectors.unsigned(text)
  }

  private var showsDisabled: Bool { selection.showsIdle || selection.showsConfigured }

  func shows(_ dimm: DIMM, on bus: Bus) -> Bool {
    guard selectors.admits(dimm, on: bus), dimm.isEnabled || showsDisabled else { return false }
    guard let node else { return true }
    return bus.regions.contains { region in
      region.numaNode == node && region.mappings.contains { $0.dimm == dimm.dev }
    }
  }

  /// Whether a region is looked into, listed or not.
  func visits(_ region: Region, on bus: Bus) -> Bool {
    guard selectors.admits(region, on: bus), type == nil || type == region.type else { return false }
    return node == nil || region.numaNode == node
  }

  func lists(_ region: Region) -> Bool { region.isEnabled || showsDisabled }

  func shows(_ namespace: Namespace) -> Bool {
    guard Selectors.matches(namespace, selectors.namespace), mode == nil || mode == namespace.mode,
      node == nil || namespace.numaNode == node
    else { return false }
    return namespace.isEnabled || selection.showsIdle
      || selection.showsConfigured && namespace.rawSize != .zero
  }

  /// DIMMs whose mappings a region shows.
  func mapped(_ bus: Bus) -> [DIMM]? {
    guard selection.dimms else { return nil }
    return bus.dimms.filter { dimm in
      Selectors.matches(dimm, selectors.dimm) && (showsDisabled || dimm.isEnabled)
    }
  }
}

extension ListedBus {
  init(
    _ bus: Bus, _ filter: ListFilter, _ objects: DeviceObjects, firmware: FirmwareFacts?,
    health: [String: HealthReading]
  ) {
    let selection = filter.selection
    self.bus = selection.buses ? objects.bus(bus, firmware: firmware?[bus]) : nil
    if selection.dimms {
      dimms = bus.dimms.filter { filter.shows($0, on: bus) }.map {
        objects.dimm($0, firmware: firmware?[$0], health: health[$0.dev])
      }
    }
    for region in bus.regions where filter.visits(region, on: bus) {
      let found =
        selection.namespaces
        ? region.namespaces.filter(filter.shows).map { objects.namespace($0, in: region) } : []
      if selection.regions, filter.lists(region) {
        regions.append(
          ListedRegion(region: objects.region(region, dimms: filter.mapped(bus)), namespaces: found))
      } else {
        namespaces += found
      }
    }
  }
}
