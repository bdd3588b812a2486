/// Plans the CXL regions of a layout that are missing. What is on them can be planned when they are there: their devices have
/// the labels.
public struct CxlLayoutPlanner {
  private var machine: Inventory
  private let inspector: any UsageInspector
  /// Regions that a part of the layout is about.
  private var taken: Set<String> = []

  /// - Parameters:
  ///   - inventory: The machine's devices.
  ///   - inspector: As of ``CxlRegionPlanner``.
  public init(_ inventory: Inventory, inspector: any UsageInspector) {
    machine = inventory
    self.inspector = inspector
  }

  /// - Parameter layout: The intended state.
  /// - Returns: The plan; without entries if all regions are there.
  /// - Throws: With the position in the file: ``DeviceError/Code/notFound`` for a device that is not there,
  ///   ``DeviceError/Code/refused`` for one that another region has, and what ``CxlRegionPlanner`` throws, with
  ///   ``DeviceError/Code/corrupt`` for what a command line would be wrong in.
  public func plan(_ layout: Layout) throws(DeviceError) -> Plan {
    var planner = self
    var entries: [Plan.Entry] = []
    for wanted in layout.cxl {
      do throws(DeviceError) {
        guard let entry = try planner.plan(wanted) else { continue }
        entries.append(entry)
      } catch {
        // A layout has keys where a command line has options.
        let summary = error.summary.hasPrefix("--") ? String(error.summary.dropFirst(2)) : error.summary
        throw DeviceError(
          error.code == .usage ? .corrupt : error.code, "\(wanted.position.text): \(summary)",
          details: error.details, try: error.suggestions, errno: error.errno)
      }
    }
    return Plan(title: "create the CXL regions of the layout", entries: entries)
  }

  private mutating func plan(_ wanted: CxlLayout) throws(DeviceError) -> Plan.Entry? {
    var devices: [CxlMemdev] = []
    for name in wanted.devices { devices.append(try device(name)) }
    let others = machine.cxl.regions.filter { region in
      !taken.contains(region.dev)
        && region.members.contains { member in devices.contains { $0.dev == member.memdev } }
    }
    if let present = others.first(where: { matches($0, wanted, devices) }) {
      taken.insert(present.dev)
      return try checkComplete(present)
    }
    if let other = others.first, !devices.allSatisfy(\.hasRoom) { throw refusal(other, devices) }
    var request = CxlRegionRequest(memdevs: devices, kind: .pmem)
    (request.granularity, request.size, request.window) = (wanted.granularity, wanted.size, wanted.window)
    let plan = try CxlRegionPlanner(machine, inspector: inspector).create(request)
    guard let entry = plan.entries.first, case .createCxlRegion(let recipe) = entry.step else { return nil }
    machine.add(recipe)
    taken.insert(recipe.region)
    return entry
  }

  private func device(_ name: String) throws(DeviceError) -> CxlMemdev {
    let serial = name.hasPrefix("0x") ? UInt64(name.dropFirst(2), radix: 16) : UInt64(name)
    let found = machine.cxl.memdevs.first { memdev in
      memdev.host == name || (serial != nil && memdev.serial == serial)
    }
    if let found { return found }
    let isKernelName = machine.cxl.memdevs.contains { $0.dev == name }
    throw DeviceError(
      .notFound, "there is no CXL device \(name)",
      details: [
        isKernelName
          ? "another device may have that name after the next boot: a layout names serial numbers, or PCI addresses"
          : "devices: "
            + machine.cxl.memdevs.map { "\($0.dev) (\($0.serial.map { "serial \($0)" } ?? $0.host ?? "?"))" }
            .joined(separator: ", ")
      ], try: ["pmemctl dimm list"])
  }

  private func matches(_ region: CxlRegion, _ wanted: CxlLayout, _ devices: [CxlMemdev]) -> Bool {
    let window = machine.cxl.windows.first { $0.dev == region.window }
    // With one device it has no meaning.
    let granularity = wanted.granularity ?? window?.granularity
    return region.kind != .ram && region.members.map(\.memdev) == devices.map(\.dev)
      && (devices.count == 1 || region.granularity == granularity)
      && (wanted.size == nil || wanted.size == region.size)
      && (wanted.window == nil || wanted.window == region.window)
  }

  private func checkComplete(_ region: CxlRegion) throws(DeviceError) -> Plan.Entry? {
    guard region.isCommitted == false else { return nil }
    throw DeviceError(
      .failed, "\(region.dev) was never completed", try: ["pmemctl region destroy \(region.dev)"])
  }

  private func refusal(_ region: CxlRegion, _ devices: [CxlMemdev]) -> DeviceError {
    let shared = devices.first { device in region.members.contains { $0.memdev == device.dev } }
    return DeviceError(
      .refused,
      "\(shared?.dev ?? devices[0].dev) is in \(region.dev), which is another region than the layout's",
      details: CxlRecipe(region, in: machine.cxl).map { ["it is: " + $0.command.joined(separator: " ")] }
        ?? [],
      try: ["pmemctl region destroy \(region.dev)"])
  }
}

extension CxlMemdev {
  /// Whether another region can have a part of it.
  fileprivate var hasRoom: Bool { endpoint?.freeDecoders.isEmpty == false && unused(.pmem) > 0 }
}

extension Inventory {
  /// Adds a CXL region as the kernel would, for plans of what comes after it.
  fileprivate mutating func add(_ recipe: CxlRecipe) {
    guard let index = cxl.windows.firstIndex(where: { $0.dev == recipe.window }), let size = recipe.size
    else {
      return
    }
    let share = size.rawValue / UInt64(recipe.members.count)
    var region = CxlRegion(
      dev: recipe.region, window: recipe.window, kind: recipe.kind, size: size,
      resource: cxl.windows[index].address(for: size), uuid: recipe.uuid, ways: recipe.members.count,
      granularity: recipe.granularity, isCommitted: true)
    for (position, member) in recipe.members.enumerated() {
      guard let device = cxl.memdevs.firstIndex(where: { $0.dev == member.memdev }),
        let free = cxl.memdevs[device].endpoint?.freeDecoders.startIndex
      else { continue }
      let decoder = cxl.memdevs[device].endpoint?.decoders[free].dev ?? ""
      cxl.memdevs[device].endpoint?.decoders[free] = CxlDecoder(
        dev: decoder, kind: recipe.kind, dpaSize: ByteCount(share), region: recipe.region)
      region.members.append(CxlMember(position: position, decoder: decoder, memdev: member.memdev))
    }
    cxl.windows[index].regions.append(region)
    cxl.windows[index].regions.sort { ($0.resource ?? .max, $0.dev) < ($1.resource ?? .max, $1.dev) }
    cxl.windows[index].nextRegion = "region\(freeRegionNumber)"
  }

  /// The lowest number that no region has, nor a window for its next one (lib/memregion.c:memregion_alloc).
  private var freeRegionNumber: Int {
    let names = regions.map(\.dev) + cxl.regions.map(\.dev) + cxl.windows.compactMap(\.nextRegion)
    let used = Set(
      names.compactMap { Int($0.dropFirst("region".count)) } + otherDaxRegions.map(\.id))
    return (0...).first { !used.contains($0) } ?? 0
  }
}
