import PmemDevice
import TestSupport

/// Seeded random changes, valid and invalid, that fit the machine as it is at the moment.
struct Operations {
  private var generator: SeededGenerator
  private var serial = 0

  init(seed: UInt64) { generator = SeededGenerator(seed: seed) }

  /// The steps of the next change: one step, or a whole plan's.
  mutating func next(_ inventory: Inventory) -> [Step] {
    serial += 1
    switch Int.random(in: 0..<100, using: &generator) {
    case 0..<28: return create(inventory)
    case 28..<34: return [resize(inventory)].compactMap { $0 }
    case 34..<36: return [label(inventory)]
    case 36..<37: return dimm(inventory)
    case 37..<38:
      let mode = NamespaceMode.allCases.randomElement(using: &generator) ?? .raw
      return Bool.random(using: &generator)
        ? [write(inventory)] : [.setMode(namespace: namespace(inventory), mode)]
    case 38..<45: return destroy(inventory)
    case 45..<53: return [allocate(inventory)]
    case 53..<63: return [claim(inventory)].compactMap { $0 }
    case 63..<75: return [.enable(namespace: namespace(inventory))]
    case 75..<84: return [.disable(namespace: namespace(inventory))]
    case 84..<87: return [.release(namespace: namespace(inventory))]
    case 87..<90: return [.free(namespace: namespace(inventory))]
    case 90..<92: return [.zeroInfoBlock(namespace: namespace(inventory))]
    case 92..<95: return [.disableRegion(region(inventory))]
    case 95..<99: return [.enableRegion(region(inventory))]
    default: return labels(inventory)
    }
  }

  // MARK: As a person would

  private mutating func create(_ inventory: Inventory) -> [Step] {
    guard let region = inventory.regions.filter({ $0.isEnabled }).randomElement(using: &generator) else {
      return [.enableRegion(region(inventory))]
    }
    let mode = NamespaceMode.allCases.randomElement(using: &generator) ?? .raw
    var request = NamespaceCreateRequest(regions: [region], isRegionGiven: true)
    request.mode = mode
    request.force = true
    request.name = name()
    if mode.hasMemoryMap {
      request.map = [.dev, .mem, nil].randomElement(using: &generator) ?? nil
      request.align = [4096, 2 << 20, 2 << 20, 1 << 30, nil].randomElement(using: &generator) ?? nil
    }
    if mode == .sector {
      request.sectorSize = region.capabilities.sectorSizes.randomElement(using: &generator)
    }
    if region.isLabeled {
      let pieces = UInt64.random(in: 1...(Bool.random(using: &generator) ? 8 : 80), using: &generator)
      request.amount = .bytes(ByteCount(pieces * region.align))
    }
    // What the planner refuses is refused alike: it is the same planner.
    let plan = try? NamespaceCreatePlanner(request, inventory: inventory).plan()
    return plan?.plan.entries.map(\.step) ?? []
  }

  private mutating func destroy(_ inventory: Inventory) -> [Step] {
    guard let victim = inventory.regions.flatMap(\.configuredNamespaces).randomElement(using: &generator)
    else {
      return []
    }
    var steps: [Step] = victim.isEnabled ? [.disable(namespace: victim.dev)] : []
    if Bool.random(using: &generator) { steps.append(.zeroInfoBlock(namespace: victim.dev)) }
    return steps + [.free(namespace: victim.dev)]
  }

  private mutating func labels(_ inventory: Inventory) -> [Step] {
    guard let dimm = inventory.dimms.randomElement(using: &generator) else { return [] }
    let version = LabelVersion.allCases.randomElement(using: &generator) ?? .v12
    let write = Step.initializeLabels(dimm: dimm.dev, version)
    guard Bool.random(using: &generator) else { return [write] }
    let users = inventory.regions.filter { $0.mappings.contains { $0.dimm == dimm.dev } }.map(\.dev)
    return users.map(Step.disableRegion) + [write] + users.map(Step.enableRegion)
  }

  /// Off and on again, mostly with the regions on it.
  private mutating func dimm(_ inventory: Inventory) -> [Step] {
    guard let dimm = inventory.dimms.randomElement(using: &generator)?.dev else { return [] }
    let users = inventory.regions.filter { $0.mappings.contains { $0.dimm == dimm } }.map(\.dev)
    // A label-less region on a disabled DIMM is enabled all the same; whether it is, is for the kernel to say.
    let again = users.map(Step.enableRegion) + [.enableDimm(dimm)] + users.map(Step.enableRegion)
    guard Int.random(in: 0..<4, using: &generator) > 0 else { return [.disableDimm(dimm)] }
    return users.map(Step.disableRegion) + [.disableDimm(dimm), .enableDimm(dimm)] + again.suffix(users.count)
  }

  /// Larger and smaller, aligned and not. Where no hole beside the namespace is large enough but another is,
  /// scan_allocate() (drivers/nvdimm/namespace_devs.c) takes from elsewhere and leaves a namespace in two pieces; the
  /// simulated machine refuses instead.
  private mutating func resize(_ inventory: Inventory) -> Step? {
    guard let victim = inventory.regions.flatMap(\.configuredNamespaces).randomElement(using: &generator),
      let region = inventory.region(of: victim)
    else { return nil }
    let pieces = UInt64.random(in: 1...20, using: &generator)
    let size = pieces * region.align + (Int.random(in: 0..<8, using: &generator) == 0 ? 4096 : 0)
    let step = Step.resize(namespace: victim.dev, size: ByteCount(size))
    guard size > victim.rawSize.rawValue, size % region.align == 0 else { return step }
    guard let start = victim.resource, let base = region.resource, let holes = region.freeExtents else {
      return nil
    }
    let place = NamespaceExtent(offset: start - base, size: victim.rawSize.rawValue)
    let isTooMuch = size - victim.rawSize.rawValue > holes.map(\.length).max() ?? 0
    return isTooMuch || place.grown(to: size, holes: holes) != nil ? step : nil
  }

  private mutating func write(_ inventory: Inventory) -> Step {
    let bytes = [UInt8](repeating: UInt8.random(in: 0...255, using: &generator), count: 4096)
    let offset: UInt64 = Bool.random(using: &generator) ? 4096 : 1 << 20
    return .write(namespace: namespace(inventory), bytes: bytes, offset: offset)
  }

  /// Another name or UUID; the UUID may be the same, or that of another namespace.
  private mutating func label(_ inventory: Inventory) -> Step {
    let namespace = namespace(inventory)
    guard Bool.random(using: &generator) else { return .rename(namespace: namespace, name: name() ?? "") }
    let used = inventory.namespaces.compactMap(\.labelUUID).randomElement(using: &generator)
    let fresh = uuid()
    return .identify(
      namespace: namespace, uuid: Int.random(in: 0..<4, using: &generator) == 0 ? used ?? fresh : fresh)
  }

  // MARK: As no person should

  private mutating func allocate(_ inventory: Inventory) -> Step {
    let align = inventory.regions.first?.align ?? 16 << 20
    let sizes: [UInt64] = [align, 4 * align, 12 * align, align + 4096, 1, 0, 1 << 45]
    let sectorSizes: [UInt64?] = [512, 4096, 520, nil]
    let taken = inventory.namespaces.compactMap(\.rawUUID).randomElement(using: &generator)
    let isTaken = Int.random(in: 0..<6, using: &generator) == 0
    let fresh = uuid()
    let chosen = isTaken ? taken ?? fresh : fresh
    let sectorSize: UInt64? = sectorSizes.randomElement(using: &generator) ?? nil
    return .allocate(
      Allocation(
        namespace: namespace(inventory), uuid: chosen, name: name(),
        size: ByteCount(sizes.randomElement(using: &generator) ?? align),
        sectorSize: sectorSize))
  }

  private mutating func claim(_ inventory: Inventory) -> Step? {
    let dev = namespace(inventory)
    let aligns: [UInt64] = [4096, 2 << 20, 1 << 30, 3 << 20, 0]
    let align = aligns.randomElement(using: &generator) ?? 4096
    guard !Self.wraps(inventory, dev, align) else { return nil }
    let map: MapLocation = Bool.random(using: &generator) ? .dev : .mem
    switch Int.random(in: 0..<3, using: &generator) {
    case 0: return .claim(namespace: dev, .fsdax(map: map, align: align, uuid: uuid()))
    case 1: return .claim(namespace: dev, .devdax(map: map, align: align, uuid: uuid()))
    default:
      let sizes: [UInt64] = [512, 520, 4096, 4224, 1000]
      let size = sizes.randomElement(using: &generator) ?? 512
      return .claim(namespace: dev, .sector(size: size, uuid: uuid()))
    }
  }

  /// Whether nd_pfn_init() (drivers/nvdimm/pfn_devs.c) would wrap: the namespace ends before the first boundary
  /// of the alignment, `size - end_trunc` is taken for huge, and an info block is written that is good for
  /// nothing. The simulated machine refuses instead.
  private static func wraps(_ inventory: Inventory, _ dev: String, _ align: UInt64) -> Bool {
    guard let namespace = inventory.namespaces.first(where: { $0.dev == dev }), align > 0,
      let start = namespace.resource
    else { return false }
    let size = namespace.rawSize.rawValue
    return (start + size) % max(align, 2 << 20) > size
  }

  // MARK: Picks

  /// Mostly one that exists.
  private mutating func namespace(_ inventory: Inventory) -> String {
    let isReal = Int.random(in: 0..<20, using: &generator) > 0
    return (isReal ? inventory.namespaces.randomElement(using: &generator)?.dev : nil) ?? "namespace0.99"
  }

  private mutating func region(_ inventory: Inventory) -> String {
    let disabled = inventory.regions.filter { !$0.isEnabled }.map(\.dev)
    let all = inventory.regions.map(\.dev) + ["region99"] + disabled + disabled
    return all.randomElement(using: &generator) ?? "region0"
  }

  private mutating func uuid() -> DeviceUUID { .random(using: &generator) }

  /// The kernel takes up to 63 bytes.
  private mutating func name() -> String? {
    switch Int.random(in: 0..<8, using: &generator) {
    case 0: return String(repeating: "x", count: Int.random(in: 60...66, using: &generator))
    case 1: return "größe \(serial)"
    case 2: return nil
    default: return "name-\(serial)"
    }
  }
}
