/// Plans to create and remove CXL regions. What drivers/cxl would refuse is refused before the first step.
public struct CxlRegionPlanner {
  private let inventory: Inventory
  private let teardownGuard: TeardownGuard

  /// - Parameters:
  ///   - inventory: The machine's devices.
  ///   - inspector: Asked who is in the way.
  ///   - accepted: Harm that a person has named, and wants done.
  public init(_ inventory: Inventory, inspector: any UsageInspector, accepting accepted: AcceptedDangers = [])
  {
    self.inventory = inventory
    teardownGuard = TeardownGuard(inventory, inspector: inspector, contents: nil, accepting: accepted)
  }

  // MARK: Creating

  /// - Parameter request: Which devices, and how.
  /// - Returns: One step, whose region has the UUID and the size that were chosen.
  /// - Throws: The first rule of the kernel that the request breaks; ``DeviceError/Code/unsupported`` without CXL.
  public func create(_ request: CxlRegionRequest) throws(DeviceError) -> Plan {
    let names = request.memdevs.map(\.dev)
    if let twice = names.first(where: { name in names.count(where: { $0 == name }) > 1 }) {
      throw DeviceError(.usage, "\(twice) is named twice: a device has one position in a region")
    }
    if let granularity = request.granularity, !CxlRegionRequest.granularities.contains(granularity) {
      throw DeviceError(.usage, "--granularity: it is a power of two from 256 bytes to 16 KiB", errno: 22)
    }
    let kind = try kind(of: request)
    for memdev in request.memdevs { try checkUsable(memdev, kind) }
    let window = try window(for: request, kind)
    let granularity = try granularity(request, in: window)
    try checkPositions(request, in: window)
    let size = try size(of: request, kind, in: window)
    try checkOrder(request, size, in: window)
    let recipe = CxlRecipe(
      region: window.nextRegion ?? "region", kind: kind, window: window.dev, granularity: granularity,
      members: request.memdevs.map { CxlRecipe.Member(memdev: $0.dev, serial: $0.serial) }, size: size,
      uuid: kind == .pmem ? request.uuid ?? .random() : nil)
    return Plan(
      title: "create a CXL region of \(size) on \(names.joined(separator: ", "))",
      facts: facts(recipe, window), entries: [Self.creating(recipe)])
  }

  /// The step that creates a region, in words.
  public static func creating(_ recipe: CxlRecipe) -> Plan.Entry {
    let size = recipe.size.map { " of \($0)" } ?? ""
    return Plan.Entry(
      .createCxlRegion(recipe), "create \(recipe.region)\(size) in \(recipe.window) on \(recipe.devices)")
  }

  private func facts(_ recipe: CxlRecipe, _ window: CxlWindow) -> [Plan.Fact] {
    let ways = recipe.members.count
    return [
      Plan.Fact("size", "\(recipe.size ?? .zero)", "\(recipe.kind.rawValue), in \(recipe.window)"),
      Plan.Fact(
        "ways", "\(ways)",
        ways == 1 ? "" : "\(ByteCount(recipe.granularity)) on each in turn; by position: \(recipe.devices)"),
      Plan.Fact("kept", "the devices' memory", "labels and data that are on the devices stay"),
    ]
  }

  private func kind(of request: CxlRegionRequest) throws(DeviceError) -> CxlMemoryKind {
    func haveFree(_ kind: CxlMemoryKind) -> Bool { request.memdevs.allSatisfy { $0.unused(kind) > 0 } }
    let kind = request.kind ?? (haveFree(.pmem) || !haveFree(.ram) ? .pmem : .ram)
    if request.uuid != nil, kind == .ram {
      throw DeviceError(.usage, "--uuid: a region of volatile memory has no UUID")
    }
    return kind
  }

  /// linux: hdm.c:cxl_dpa_set_mode and cxl_dpa_alloc, and what the region's driver needs.
  private func checkUsable(_ memdev: CxlMemdev, _ kind: CxlMemoryKind) throws(DeviceError) {
    func refuse(_ why: String, _ errno: Int32, _ suggestions: [Suggestion] = []) -> DeviceError {
      DeviceError(
        .failed, "cannot create a region on \(memdev.dev): \(why)", try: suggestions, errno: errno)
    }
    guard memdev.isBound, let endpoint = memdev.endpoint else {
      throw refuse("no CXL port leads to it", 6, ["pmemctl doctor"])
    }
    if memdev.security == "locked" { throw refuse("it is locked", 13) }
    guard let size = memdev.size(kind), size > .zero else {
      throw refuse("it has no \(kind.rawValue)", 6)
    }
    guard !endpoint.freeDecoders.isEmpty else {
      let regions = Set(endpoint.decoders.compactMap(\.region)).sorted().joined(separator: ", ")
      throw refuse(
        endpoint.decoders.count == 1
          ? "its only decoder is in use by \(regions)"
          : "all of its \(endpoint.decoders.count) decoders are in use, by \(regions)", 16)
    }
    // hdm.c:__cxl_dpa_reserve: memory is allocated in the order of addresses, and volatile memory comes first.
    if kind == .ram, endpoint.takenDecoders.contains(where: { $0.kind == .pmem }) {
      throw refuse("volatile memory is allocated before persistent memory, of which it has some in use", 28)
    }
    if kind == .pmem, memdev.dimm == nil {
      throw refuse("libnvdimm has no DIMM for it: the driver cxl_pmem is missing (modprobe cxl_pmem)", 6)
    }
  }

  private func window(
    for request: CxlRegionRequest, _ kind: CxlMemoryKind
  ) throws(DeviceError) -> CxlWindow {
    let windows = inventory.cxl.windows
    let known = windows.map(\.dev).joined(separator: ", ")
    if let name = request.window {
      guard let window = windows.first(where: { $0.dev == name }) else {
        throw DeviceError(
          .notFound, "there is no window \(name)", details: ["windows: \(known)"],
          try: ["pmemctl status"])
      }
      guard window.kinds.contains(kind) else {
        throw DeviceError(
          .failed, "\(name) takes no \(kind.rawValue): its platform set it aside for other memory", errno: 22)
      }
      try checkWays(request, in: window)
      return window
    }
    let possible = windows.filter { $0.kinds.contains(kind) && isPossible(request.memdevs.count, in: $0) }
    let inOrder = possible.filter { $0.hasInTurn(request.memdevs) }
    let fitting = inOrder.isEmpty ? possible : inOrder
    guard let window = fitting.first(where: { ($0.room ?? .zero) > .zero }) ?? fitting.first else {
      throw DeviceError(
        .failed,
        "no window takes a region of \(kind.rawValue) with \(request.memdevs.count) devices",
        details: windows.isEmpty ? ["there is no window: the platform has set no addresses aside"] : [known],
        try: ["pmemctl status"], errno: 22)
    }
    return window
  }

  /// linux: region.c:interleave_ways_store.
  private func isPossible(_ ways: Int, in window: CxlWindow) -> Bool {
    guard CxlRegionRequest.ways.contains(ways) else { return false }
    let bridges = window.ways ?? 1
    return ways % bridges == 0 && (ways / bridges).nonzeroBitCount == 1
  }

  private func checkWays(_ request: CxlRegionRequest, in window: CxlWindow) throws(DeviceError) {
    let ways = request.memdevs.count
    guard !isPossible(ways, in: window) else { return }
    let possible = CxlRegionRequest.ways.filter { isPossible($0, in: window) }
    throw DeviceError(
      .failed, "\(ways) devices cannot be interleaved in \(window.dev)",
      details: [
        "it interleaves \(window.ways ?? 1) host bridges: a region has "
          + possible.map(String.init).joined(separator: ", ") + " devices"
      ], errno: 22)
  }

  /// linux: region.c:interleave_granularity_store.
  private func granularity(
    _ request: CxlRegionRequest, in window: CxlWindow
  ) throws(DeviceError) -> UInt64 {
    let own = window.granularity ?? 256
    guard let granularity = request.granularity else { return own }
    guard window.ways ?? 1 == 1 || granularity == own else {
      throw DeviceError(
        .failed,
        "\(window.dev) interleaves \(window.ways ?? 1) host bridges, \(ByteCount(own)) on each in turn: "
          + "its regions have the same granularity", errno: 22)
    }
    return granularity
  }

  /// linux: region.c:cxl_region_attach_position: a window's host bridges have the positions in turn.
  private func checkPositions(
    _ request: CxlRegionRequest, in window: CxlWindow
  ) throws(DeviceError) {
    for (position, memdev) in request.memdevs.enumerated() {
      guard let wanted = window.target(at: position), let target = memdev.endpoint?.target, target != wanted
      else { continue }
      let order = window.inTurns(request.memdevs)
      throw DeviceError(
        .failed, "\(memdev.dev) cannot have position \(position) in \(window.dev)",
        details: [
          "it is below host bridge \(target), and that position is host bridge \(wanted)'s: "
            + "\(window.dev) has \(window.targets.map { "\($0)" }.joined(separator: ", ")) in turn"
        ], try: order.map { ["pmemctl region create --window \(window.dev) \(words: $0.map(\.dev))"] } ?? [],
        errno: 6)
    }
  }

  /// linux: hdm.c:cxl_dpa_alloc, region.c:alloc_hpa.
  private func size(
    of request: CxlRegionRequest, _ kind: CxlMemoryKind, in window: CxlWindow
  ) throws(DeviceError) -> ByteCount {
    let ways = UInt64(request.memdevs.count)
    let unit = CxlRegionRequest.unit
    guard let least = request.memdevs.min(by: { $0.unused(kind) < $1.unused(kind) }) else {
      throw DeviceError(.usage, "a region needs at least one device")
    }
    let room = window.room?.rawValue
    let free = least.unused(kind) / unit * unit
    guard let size = request.size?.rawValue else {
      let most = min(free, (room ?? .max) / (unit * ways) * unit) * ways
      guard most > 0 else {
        throw DeviceError(
          .failed,
          free == 0
            ? "\(least.dev) has no \(kind.rawValue) left"
            : "\(window.dev) has no room for a region of \(ways) devices",
          try: ["pmemctl status"], errno: 28)
      }
      return ByteCount(most)
    }
    guard size > 0, size % (unit * ways) == 0 else {
      throw DeviceError(
        .usage,
        "--size: it is a multiple of \(ByteCount(unit * ways)): \(ByteCount(unit)) of each of \(ways) devices",
        errno: 22)
    }
    guard size / ways <= free else {
      throw DeviceError(
        .failed,
        "\(ByteCount(size)) are \(ByteCount(size / ways)) of each device: \(least.dev) has \(ByteCount(free)) "
          + "of \(kind.rawValue) left", try: ["pmemctl dimm show \(least.dev)"], errno: 28)
    }
    if let room, size > room {
      throw DeviceError(
        .failed, "\(window.dev) has \(ByteCount(room)) in one piece", try: ["pmemctl status"], errno: 28)
    }
    return ByteCount(size)
  }

  /// linux: region.c:alloc_region_ref: below a port, decoders are used in the order of addresses.
  private func checkOrder(
    _ request: CxlRegionRequest, _ size: ByteCount, in window: CxlWindow
  ) throws(DeviceError) {
    guard let address = window.address(for: size) else { return }
    let ports = Set(request.memdevs.flatMap(\.ownPorts))
    for region in inventory.cxl.regions where (region.resource ?? 0) > address {
      let shared = region.members.contains { member in
        guard let memdev = member.memdev.flatMap(inventory.cxl.memdev) else { return false }
        return !ports.isDisjoint(with: memdev.ownPorts)
      }
      guard shared else { continue }
      throw DeviceError(
        .failed,
        "\(window.dev) has room below \(region.dev) only, and decoders are used in the order of addresses",
        details: ["\(region.dev) must go first, and can come back behind the new region"],
        try: ["pmemctl region destroy \(region.dev)"], errno: 16)
    }
  }

  // MARK: Removing

  /// - Parameter regions: Which; all must be CXL's.
  /// - Returns: The plan: what is on them is disabled first, and the last created is removed first.
  /// - Throws: ``DeviceError/Code/refused`` if one is in use, ``DeviceError/Code/unsupported`` for memory that is no CXL
  ///   region's.
  public func destroy(_ regions: [ListedRegion]) throws(DeviceError) -> Plan {
    var found: [(listed: ListedRegion, cxl: CxlRegion, recipe: CxlRecipe?)] = []
    for listed in regions {
      guard let cxl = listed.cxl else {
        throw DeviceError(
          .unsupported, "cannot remove \(listed.dev): the platform made it, it is not a CXL region",
          details: ["nothing was changed"], try: ["pmemctl region disable \(listed.dev)"])
      }
      found.append((listed, cxl, try recipe(of: cxl)))
    }
    let removed = Set(found.map(\.cxl.dev))
    for (_, cxl, _) in found { try checkLast(cxl, removing: removed) }
    let namespaces =
      found.compactMap(\.listed.region).filter(\.isEnabled).flatMap(\.namespaces).filter(\.isEnabled)
      + found.flatMap { inventory.standIns(on: $0.cxl) }
    let clearance = try teardownGuard.check(
      namespaces, verb: "remove", what: found.count == 1 ? found[0].cxl.dev : "\(found.count) regions")
    // Decoders are freed from the last to the first.
    let order = found.sorted { ($0.cxl.resource ?? 0, $0.cxl.dev) > ($1.cxl.resource ?? 0, $1.cxl.dev) }
    return Plan(
      title: "remove " + found.map(\.cxl.dev).joined(separator: ", "),
      facts: order.compactMap(\.recipe).flatMap(Self.facts),
      entries: order.flatMap { Self.teardown(of: $0.cxl, in: inventory) },
      warnings: clearance.warnings, isDestructive: clearance.harmsUsers, harmsUsers: clearance.harmsUsers)
  }

  /// The steps that disable what is on a region, and remove it.
  public static func teardown(of region: CxlRegion, in inventory: Inventory) -> [Plan.Entry] {
    let known = inventory.region(of: region).map { $0.isEnabled ? RegionStatePlanner.disabling($0) : [] }
    let bound = inventory.daxDevices.map(\.device).filter {
      $0.isEnabled && region.daxDevices.contains($0.chardev)
    }
    return (known ?? []) + bound.map { Plan.Entry(.unbindDevice($0.chardev), "disable \($0.chardev)") }
      + [removing(region)]
  }

  /// The step that removes a region, in words.
  private static func removing(_ region: CxlRegion) -> Plan.Entry {
    Plan.Entry(
      .destroyCxlRegion(region.dev),
      region.members.isEmpty
        ? "remove \(region.dev), which was never completed"
        : "remove \(region.dev), and free what it has of "
          + region.members.compactMap(\.memdev).joined(separator: ", "))
  }

  private static func facts(_ recipe: CxlRecipe) -> [Plan.Fact] {
    [
      Plan.Fact(
        "CXL", "\(recipe.members.count) x \(ByteCount(recipe.granularity))", "by position: \(recipe.devices)"),
      recipe.kind == .pmem
        ? Plan.Fact(
          "kept", "the devices' memory",
          "this brings the region back, with its data: " + recipe.command.joined(separator: " "))
        : Plan.Fact(
          "lost", "what is in it",
          "volatile; this brings the region back, without it: " + recipe.command.joined(separator: " ")),
    ]
  }

  /// nil for a region that was never completed, as by a tool that was killed: nothing is on it.
  private func recipe(of region: CxlRegion) throws(DeviceError) -> CxlRecipe? {
    guard let recipe = CxlRecipe(region, in: inventory.cxl) else {
      if region.isCommitted == false, region.bridge == nil { return nil }
      throw DeviceError(
        .failed,
        "cannot remove \(region.dev): what it consists of cannot be read, so nothing could bring it back",
        details: ["nothing was changed"], try: ["pmemctl region show \(region.dev)"])
    }
    return recipe
  }

  /// linux: hdm.c:cxl_dpa_free: the last allocation of a device is freed first.
  private func checkLast(_ region: CxlRegion, removing removed: Set<String>) throws(DeviceError) {
    for member in region.members {
      guard let memdev = member.memdev.flatMap(inventory.cxl.memdev),
        let decoders = memdev.endpoint?.decoders,
        let own = decoders.firstIndex(where: { $0.dev == member.decoder })
      else { continue }
      for later in decoders[(own + 1)...].compactMap(\.region) where !removed.contains(later) {
        throw DeviceError(
          .failed, "cannot remove \(region.dev): \(later) has memory of \(memdev.dev) behind it",
          details: ["decoders are freed from the last to the first", "nothing was changed"],
          try: ["pmemctl region destroy \(later)"], errno: 16)
      }
    }
  }
}

extension CxlMemdev {
  /// Bytes that a new region can have; 0 if unknown.
  func unused(_ kind: CxlMemoryKind) -> UInt64 {
    guard let size = size(kind)?.rawValue, let endpoint else { return 0 }
    let taken = endpoint.takenDecoders.filter { $0.kind == kind }.reduce(UInt64(0)) {
      $0 &+ ($1.dpaSize?.rawValue ?? 0)
    }
    return size - min(size, taken)
  }

  /// Its endpoint and the ports above it, without the root, which all share.
  fileprivate var ownPorts: [String] {
    endpoint.map { [$0.dev] + $0.ports.filter { !$0.hasPrefix("root") } } ?? []
  }
}

extension CxlWindow {
  /// The host bridge that has a position; nil if unknown.
  fileprivate func target(at position: Int) -> Int? {
    targets.isEmpty ? nil : targets[position % targets.count]
  }

  /// Whether no device is known to be below another host bridge than its position's.
  fileprivate func hasInTurn(_ memdevs: [CxlMemdev]) -> Bool {
    memdevs.enumerated().allSatisfy { position, memdev in
      guard let wanted = target(at: position), let own = memdev.endpoint?.target else { return true }
      return own == wanted
    }
  }

  /// Devices in an order that fits the turns of its host bridges; nil if there is none.
  fileprivate func inTurns(_ memdevs: [CxlMemdev]) -> [CxlMemdev]? {
    var rest = memdevs
    var order: [CxlMemdev] = []
    while !rest.isEmpty {
      let wanted = target(at: order.count)
      guard let next = rest.firstIndex(where: { $0.endpoint?.target == wanted }) else { return nil }
      order.append(rest.remove(at: next))
    }
    return order
  }

  /// Bytes that a new region can have; nil if unknown.
  fileprivate var room: ByteCount? { largestFreePiece ?? freeSize }

  /// The address that a region of so many bytes gets: the lowest that fits (kernel/resource.c:get_free_mem_region); nil if
  /// addresses are unknown.
  func address(for size: ByteCount) -> UInt64? {
    guard let start, let pieces else { return nil }
    var cursor = start
    for piece in pieces {
      switch piece {
      case .free(let length):
        if length >= size.rawValue { return cursor }
        cursor += length
      case .region(let region): cursor += region.size?.rawValue ?? 0
      }
    }
    return nil
  }
}
