import PmemDevice

/// drivers/cxl/core of a simulated machine: allocates devices' memory and addresses, and orders decoders.
///
/// A value: what it refuses leaves it as it was, but for memory that a failed tool had left allocated, which a creation
/// frees first. The rules are those of hdm.c and region.c (6.12), in the order in which a creation's attributes are written.
struct CxlModel: Hashable {
  let hardware: SimCxl
  private(set) var state: CxlState
  /// How many regions the platform made: their numbers are taken (memregion_alloc).
  private let platformRegions: Int
  private let rules: KernelRules

  /// Granularities whose address bits decoders of endpoints can select by: bits 8 to 14 (hdm.c:parse_hdm_decoder_caps).
  private static let lastInterleaveBit = 14
  /// Targets of a host bridge's decoder.
  private static let mostTargets = 8

  /// Boots.
  init(booting hardware: SimCxl, platformRegions: Int, rules: KernelRules) {
    self.hardware = hardware
    self.platformRegions = platformRegions
    self.rules = rules
    state = CxlState(booting: hardware, platformRegions: platformRegions)
  }

  /// Continues from a saved state.
  init(resuming state: CxlState, hardware: SimCxl, platformRegions: Int, rules: KernelRules) {
    self.hardware = hardware
    self.platformRegions = platformRegions
    self.rules = rules
    self.state = state
  }

  // MARK: Creating

  /// - Parameter recipe: As the attributes would be written; nothing in it was checked.
  /// - Returns: The region.
  /// - Throws: The refusal of the first attribute that the kernel would refuse.
  mutating func create(_ recipe: CxlRecipe) throws -> CxlState.Region {
    let size = recipe.size?.rawValue ?? 0
    let ways = max(1, recipe.members.count)
    var members: [CxlState.Member] = []
    do {
      for member in recipe.members {
        members.append(try allocate(size / UInt64(ways), recipe.kind, of: member.memdev))
      }
      return try assemble(recipe, size, members)
    } catch {
      for member in members { releaseUnused(of: member.device) }
      throw error
    }
  }

  /// hdm.c:cxl_dpa_set_mode, cxl_dpa_alloc.
  private mutating func allocate(
    _ size: UInt64, _ kind: CxlMemoryKind, of name: String
  ) throws -> CxlState.Member {
    guard let device = hardware.devices.indices.first(where: { SimCxl.memdevName($0) == name }) else {
      throw KernelRefusal(6, "no CXL port leads to \(name)")
    }
    releaseUnused(of: device)
    let allocated = state.decoders[device]
    guard allocated.count < hardware.devices[device].decoders else {
      throw KernelRefusal(16, "all decoders of \(name) are in use")
    }
    guard hardware.devices[device].size(kind) > 0 else {
      throw KernelRefusal(rules.missingCxlPartition, "mode: no available \(kind.rawValue) capacity")
    }
    guard size.isMultiple(of: CxlRegionRequest.unit) else {
      throw KernelRefusal(22, "dpa_size: \(size) is not a multiple of 256 MiB")
    }
    let member = CxlState.Member(device: device, decoder: allocated.count)
    guard size > 0 else { return member }
    let start = firstFree(kind, of: device)
    guard size <= end(of: kind, on: device) - start else {
      throw KernelRefusal(28, "dpa_size: \(size) exceeds available \(kind.rawValue) capacity")
    }
    state.decoders[device].append(CxlState.Decoder(kind: kind, start: start, size: size))
    return member
  }

  /// Where a partition of a device's address space ends.
  private func end(of kind: CxlMemoryKind, on device: Int) -> UInt64 {
    hardware.devices[device].ramSize + (kind == .pmem ? hardware.devices[device].pmemSize : 0)
  }

  /// Memory is allocated upwards; an allocation of persistent memory skips what is left of the volatile.
  private func firstFree(_ kind: CxlMemoryKind, of device: Int) -> UInt64 {
    let own = state.decoders[device].filter { $0.kind == kind }.map { $0.start + $0.size }.max()
    guard kind == .ram else { return own ?? hardware.devices[device].ramSize }
    let isSkipped = state.decoders[device].contains { $0.kind == .pmem }
    return isSkipped ? hardware.devices[device].ramSize : own ?? 0
  }

  /// Frees what is allocated behind the last decoder that belongs to a region (hdm.c:cxl_dpa_free: the last first).
  private mutating func releaseUnused(of device: Int) {
    while let last = state.decoders[device].last, last.region == nil { state.decoders[device].removeLast() }
  }

  // MARK: Assembling

  private mutating func assemble(
    _ recipe: CxlRecipe, _ size: UInt64, _ members: [CxlState.Member]
  ) throws -> CxlState.Region {
    guard let index = hardware.windows.indices.first(where: { SimCxl.windowName($0) == recipe.window }),
      hardware.windows[index].kinds.contains(recipe.kind)
    else { throw KernelRefusal(2, "\(recipe.window) has no create_\(recipe.kind.rawValue)_region") }
    guard recipe.region.hasPrefix("region"), let number = Int(recipe.region.dropFirst("region".count)) else {
      throw KernelRefusal(22, "\(recipe.region) is no name of a region")
    }
    guard state.nextNumbers[index] == number else {
      throw KernelRefusal(16, "the next region of \(recipe.window) is region\(state.nextNumbers[index])")
    }
    state.nextNumbers[index] = freeNumber
    do {
      let window = hardware.windows[index]
      try checkInterleave(recipe, in: window)
      let base = try address(for: recipe, size, in: index)
      let region = CxlState.Region(
        number: number, window: index, kind: recipe.kind, granularity: recipe.granularity, members: members,
        base: base, size: size, uuid: recipe.kind == .pmem ? recipe.uuid : nil)
      let targets = try attach(region, in: window)
      try commit(region, targets)
      return region
    } catch {
      giveBack(number, to: index)
      throw error
    }
  }

  /// The lowest number that nothing has (memregion_alloc).
  private var freeNumber: Int {
    let used = Set(state.nextNumbers + state.regions.map(\.number))
    var number = platformRegions
    while used.contains(number) { number += 1 }
    return number
  }

  /// region.c:cxl_region_release: a window prefers the lower of a number that became free and the one that it has.
  private mutating func giveBack(_ number: Int, to window: Int) {
    if number < state.nextNumbers[window] { state.nextNumbers[window] = number }
  }

  /// region.c:interleave_granularity_store, interleave_ways_store, uuid_store.
  private func checkInterleave(_ recipe: CxlRecipe, in window: SimCxl.Window) throws {
    let (ways, bridges) = (recipe.members.count, window.bridges.count)
    guard CxlRegionRequest.granularities.contains(recipe.granularity),
      bridges == 1 || recipe.granularity == window.granularity
    else { throw KernelRefusal(22, "interleave_granularity: \(recipe.granularity)") }
    guard CxlRegionRequest.ways.contains(ways), ways % bridges == 0, (ways / bridges).nonzeroBitCount == 1
    else { throw KernelRefusal(22, "interleave_ways: invalid interleave: \(ways)") }
    guard let uuid = recipe.uuid else { return }
    guard recipe.kind == .pmem else { throw KernelRefusal(13, "uuid is read-only") }
    guard uuid != .null else { throw KernelRefusal(22, "uuid: it is null") }
    guard !state.regions.contains(where: { $0.uuid == uuid }) else {
      throw KernelRefusal(16, "uuid: a region already has uuid: \(uuid)")
    }
  }

  /// region.c:alloc_hpa: the lowest address that fits (kernel/resource.c:get_free_mem_region).
  private func address(for recipe: CxlRecipe, _ size: UInt64, in index: Int) throws -> UInt64 {
    let window = hardware.windows[index]
    guard size > 0 else { return window.base }
    guard recipe.kind == .ram || recipe.uuid != nil else { throw KernelRefusal(6, "size: uuid is not set") }
    guard size.isMultiple(of: CxlRegionRequest.unit * UInt64(recipe.members.count)) else {
      throw KernelRefusal(22, "size: \(size) is not a multiple of 256 MiB of each device")
    }
    let unit = CxlRegionRequest.unit
    var cursor = (window.base + unit - 1) / unit * unit
    for region in state.regions.filter({ $0.window == index }).sorted(by: { $0.base < $1.base }) {
      if region.base >= cursor, region.base - cursor >= size { return cursor }
      cursor = region.base + region.size
    }
    let end = window.base + window.size
    guard cursor <= end, size <= end - cursor else {
      throw KernelRefusal(34, "size: HPA allocation error")
    }
    return cursor
  }

  // MARK: Decoders

  /// region.c:cxl_region_attach for each position in turn, then cxl_region_setup_targets.
  ///
  /// - Returns: For each host bridge on the way, how many devices below it have a part.
  private func attach(_ region: CxlState.Region, in window: SimCxl.Window) throws -> [Int: Int] {
    let ways = region.members.count
    var targets: [Int: Int] = [:]
    for (position, member) in region.members.enumerated() {
      func refuse(_ errno: Int32, _ why: String) -> KernelRefusal {
        KernelRefusal(errno, "target\(position): \(SimCxl.memdevName(member.device)): \(why)")
      }
      guard Self.canSelect(ways, region.granularity) else {
        throw refuse(6, "iw: \(ways) ig: \(region.granularity) is not supported")
      }
      guard region.size > 0 else { throw refuse(6, "interleave config missing") }
      let device = hardware.devices[member.device]
      guard state.decoders[member.device].indices.contains(member.decoder),
        state.decoders[member.device][member.decoder].size * UInt64(ways) == region.size
      else { throw refuse(22, "its allocation does not fit the region") }
      // region.c:cxl_region_validate_position.
      guard !region.members[..<position].contains(where: { $0.device == member.device }) else {
        throw refuse(16, "already specified at another position")
      }
      guard device.bridge == window.bridges[position % window.bridges.count] else {
        throw refuse(6, "invalid target position for \(SimCxl.windowName(region.window))")
      }
      try checkOrder(of: region) { $0.members.contains { $0.device == member.device } }
      if targets[device.bridge] == nil {
        try checkOrder(of: region) { other in
          other.members.contains { hardware.devices[$0.device].bridge == device.bridge }
        }
        guard hasFreeDecoder(device.bridge) else { throw refuse(16, "no decoder available") }
      }
      targets[device.bridge, default: 0] += 1
      guard targets[device.bridge, default: 0] <= (isPassthrough(device.bridge) ? 1 : Self.mostTargets)
      else { throw refuse(6, "overflows targets") }
    }
    for (bridge, count) in targets {
      try checkTargets(of: bridge, count, region, in: window)
    }
    return targets
  }

  /// region.c:alloc_region_ref: below a port, regions come in the order of their addresses.
  private func checkOrder(
    of region: CxlState.Region, _ isBelow: (CxlState.Region) -> Bool
  ) throws {
    if let other = state.regions.first(where: { $0.base >= region.base && isBelow($0) }) {
      throw KernelRefusal(16, "HPA order violation: region\(other.number)")
    }
  }

  /// region.c:cxl_port_setup_targets.
  private func checkTargets(
    of bridge: Int, _ count: Int, _ region: CxlState.Region, in window: SimCxl.Window
  ) throws {
    let name = SimCxl.portName(ofBridge: bridge)
    guard count.nonzeroBitCount == 1 else {
      throw KernelRefusal(22, "\(name): invalid target count \(count)")
    }
    let bridges = window.bridges.count.nonzeroBitCount == 1 ? window.bridges.count : window.bridges.count / 3
    let granularity = region.granularity * UInt64(bridges)
    guard CxlRegionRequest.granularities.contains(granularity) else {
      throw KernelRefusal(22, "\(name): invalid granularity calculation")
    }
    guard isPassthrough(bridge) || Self.canSelect(count, granularity) else {
      throw KernelRefusal(6, "\(name): iw: \(count) ig: \(granularity) is not supported")
    }
  }

  /// region.c:check_interleave_cap, of decoders that know 1, 2, 4 and 8 ways.
  private static func canSelect(_ ways: Int, _ granularity: UInt64) -> Bool {
    guard ways.nonzeroBitCount == 1, ways <= 8 else { return false }
    return ways == 1
      || ways.trailingZeroBitCount + granularity.trailingZeroBitCount - 1 <= lastInterleaveBit
  }

  /// A host bridge with one port has no decoder to program: it lets one region through
  /// (hdm.c:devm_cxl_add_passthrough_decoder).
  private func isPassthrough(_ bridge: Int) -> Bool { hardware.devices(below: bridge).count == 1 }

  /// region.c:match_free_decoder: the next in order, if none below it is free.
  private func hasFreeDecoder(_ bridge: Int) -> Bool {
    let limit =
      isPassthrough(bridge)
      ? 1 : hardware.devices(below: bridge).map { hardware.devices[$0].decoders }.max() ?? 0
    return state.bridges[bridge].count < limit && !state.bridges[bridge].contains(nil)
  }

  /// hdm.c:cxl_decoder_commit: in order.
  private mutating func commit(_ region: CxlState.Region, _ targets: [Int: Int]) throws {
    for member in region.members {
      let before = state.decoders[member.device][..<member.decoder]
      guard before.allSatisfy({ $0.region != nil }) else {
        throw KernelRefusal(16, "commit: out of order commit")
      }
    }
    for member in region.members { state.decoders[member.device][member.decoder].region = region.number }
    for bridge in targets.keys { state.bridges[bridge].append(region.number) }
    state.slots = max(state.slots, region.number + 1)
    state.regions.append(region)
    state.regions.sort { $0.number < $1.number }
  }

  // MARK: Removing

  /// Resets a region's decoders and frees its addresses and, as far as the order of decoders lets it, its memory.
  ///
  /// - Parameter number: Of the region.
  /// - Returns: Names of decoders that keep their memory.
  /// - Throws: ENXIO if there is no such region.
  mutating func destroy(_ number: Int) throws -> [String] {
    guard let region = state[region: number] else { throw KernelRefusal(6, "there is no region\(number)") }
    state.regions.removeAll { $0.number == number }
    giveBack(number, to: region.window)
    for bridge in state.bridges.indices {
      for decoder in state.bridges[bridge].indices where state.bridges[bridge][decoder] == number {
        state.bridges[bridge][decoder] = nil
      }
      while let last = state.bridges[bridge].last, last == nil { state.bridges[bridge].removeLast() }
    }
    for member in region.members {
      state.decoders[member.device][member.decoder].region = nil
      releaseUnused(of: member.device)
    }
    return region.members.filter { state.decoders[$0.device].indices.contains($0.decoder) }.map {
      "decoder\(hardware.endpointNumber(of: $0.device)).\($0.decoder)"
    }
  }
}
