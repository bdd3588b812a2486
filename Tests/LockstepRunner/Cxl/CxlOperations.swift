import PmemDevice
import TestSupport

/// Seeded random creations and removals of CXL regions, as attributes of sysfs take them, valid and invalid.
struct CxlOperations {
  private var generator: SeededGenerator

  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  private mutating func oneIn(_ number: Int) -> Bool { Int.random(in: 0..<number, using: &generator) == 0 }

  private mutating func pick<Value>(_ values: [Value], _ other: Value) -> Value {
    values.randomElement(using: &generator) ?? other
  }

  mutating func next(_ topology: CxlTopology) -> Step {
    let regions = topology.regions.map(\.dev)
    let isFull = regions.count > 1
    guard Int.random(in: 0..<10, using: &generator) < (regions.isEmpty ? 1 : isFull ? 6 : 4) else {
      return .createCxlRegion(recipe(topology))
    }
    return .destroyCxlRegion(
      oneIn(8) ? pick(["region0", "region77", "region"], "") : pick(regions, "region9"))
  }

  private mutating func recipe(_ topology: CxlTopology) -> CxlRecipe {
    let window = pick(topology.windows, CxlWindow(dev: "decoder0.0", root: "root0"))
    let isWild = oneIn(6)
    let hasVolatile = topology.memdevs.contains { ($0.ramSize ?? .zero) > .zero }
    let kind = oneIn(hasVolatile ? 3 : 16) ? CxlMemoryKind.ram : .pmem
    let ways =
      isWild ? Int.random(in: 1...4, using: &generator) : pick([1, 1, 2, 4], 1) * window.targets.count
    var devices =
      isWild
      ? topology.memdevs.map(\.dev).shuffled(using: &generator) : inTurns(topology, of: window, kind)
    devices = Array(devices.prefix(ways))
    if oneIn(12) { devices.append(pick(devices + ["mem9"], "mem9")) }
    let granularity: UInt64 =
      oneIn(12)
      ? pick([0, 128, 300, 32768], 0)
      : window.targets.count > 1 && !oneIn(8)
        ? window.granularity ?? 256 : pick(CxlRegionRequest.granularities, 256)
    let unit = CxlRegionRequest.unit
    let share = pick([unit, unit, 2 * unit], unit)
    let size =
      oneIn(12) ? pick([0, unit / 2, share + 4096, 8 * unit, 64 * unit], 0) : share * UInt64(devices.count)
    return CxlRecipe(
      region: oneIn(16)
        ? pick(["region0", "region9", "regio", "region"], "") : window.nextRegion ?? "region0",
      kind: kind, window: oneIn(24) ? "decoder0.7" : window.dev, granularity: granularity,
      members: devices.map { CxlRecipe.Member(memdev: $0, serial: nil) }, size: ByteCount(size),
      uuid: kind == .ram && !oneIn(12) ? nil : uuid(topology))
  }

  /// Devices, mostly those with memory left first, in the order of a window's host bridges.
  private mutating func inTurns(
    _ topology: CxlTopology, of window: CxlWindow, _ kind: CxlMemoryKind
  ) -> [String] {
    var rest = topology.memdevs.shuffled(using: &generator)
    if !oneIn(12) { rest.removeAll { ($0.size(kind) ?? .zero) == .zero } }
    if !oneIn(6) { rest = rest.filter(Self.isFree) + rest.filter { !Self.isFree($0) } }
    var order: [String] = []
    while let next = rest.firstIndex(where: {
      $0.endpoint?.target == window.targets[order.count % window.targets.count]
    }) {
      order.append(rest.remove(at: next).dev)
    }
    return order
  }

  private static func isFree(_ memdev: CxlMemdev) -> Bool {
    memdev.endpoint?.decoders.contains { $0.region == nil } == true
  }

  private mutating func uuid(_ topology: CxlTopology) -> DeviceUUID? {
    let fresh = DeviceUUID.random(using: &generator)
    guard oneIn(12) else { return fresh }
    return pick([topology.regions.first?.uuid ?? fresh, .null, nil], fresh)
  }
}
