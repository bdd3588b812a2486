import DamagedMedia
import PmemDevice
import SystemPackage
import TestSupport

/// Damages the media of a kernel and of a simulated machine alike, has both probe them again, and compares what they make of
/// it. The next round undoes it.
struct HostileMedia {
  private var machines: Lockstep
  private var damage: MediaDamage
  private let region: Region
  /// All that have a part of the region's DIMMs: their labels are in the same areas.
  private let regions: [String]
  /// Of the region, on each machine; nil for an interleave set, of which labels alone are damaged.
  private let memory: [RegionMemory]?
  /// As they were before any damage, by DIMM.
  private var labels: [String: [UInt8]] = [:]
  /// What the last round wrote over, from the region's start.
  private var undo: [(offset: UInt64, bytes: [UInt8])] = []
  /// The DIMMs whose labels the last round damaged.
  private var damaged: [String] = []

  /// Makes a namespace of each mode on the first divisible region of so many DIMMs, on both, which are alike and empty;
  /// `directory` is the simulated one's.
  init(_ machines: Lockstep, in directory: String, ways: Int, seed: UInt64) throws {
    self.machines = machines
    guard
      let region = machines.inventory.regions.first(where: { $0.isLabeled && $0.mappings.count == ways })
    else { throw DeviceError(.failed, "no region of \(ways) DIMMs has labels") }
    self.region = region
    let members = Set(region.mappings.map(\.dimm))
    regions = machines.inventory.regions.filter { other in
      other.mappings.contains { members.contains($0.dimm) }
    }.map(\.dev)
    let isAlone = ways == 1
    memory =
      isAlone
      ? [
        try RegionMemory(kernel: region),
        try RegionMemory(simulated: region, in: FilePath(directory)),
      ] : nil
    damage = MediaDamage(seed: seed)
    try populate()
    let namespaces = try present()
    for region in regions { try both(.disableRegion(region)) }
    // What is in unused slots differs: the kernel's is written to both.
    for dimm in region.dimmsByPosition {
      let area = try machines.kernel.readLabels(dimm: dimm)
      labels[dimm] = area
      try both(.writeLabels(dimm: dimm, bytes: area))
    }
    var found: [MediaDamage.Structures] = []
    for namespace in namespaces where isAlone { found.append(try structures(of: namespace)) }
    damage.learn(
      MediaDamage.Known(labels: region.dimmsByPosition.compactMap { labels[$0] }, structures: found))
    for region in regions { try both(.enableRegion(region)) }
    let differences = try self.machines.differences()
    guard differences.isEmpty else {
      throw DeviceError(.failed, "the machines differ before any damage", details: differences)
    }
  }

  /// How often each field of each structure was damaged.
  var counts: [String: Int] { damage.counts }

  /// One round; gives what was damaged, and the differences.
  mutating func round() throws -> (words: [String], problems: [String]) {
    let next = damage.next()
    var problems = regions.flatMap { compared(.disableRegion($0)) }
    try revert()
    for edit in next.edits { try write(edit) }
    for (position, area) in next.areas.sorted(by: { $0.key < $1.key }) {
      let dimm = region.dimmsByPosition[position]
      damaged.append(dimm)
      problems += compared(.writeLabels(dimm: dimm, bytes: area))
    }
    problems += regions.flatMap { compared(.enableRegion($0)) }
    problems += try machines.differences()
    if let entry = next.mapEntry { problems += try readingDifferences(of: entry) }
    return (next.words, problems)
  }

  /// As it was before the round; the region is disabled.
  private mutating func revert() throws {
    for edit in undo.reversed() {
      for memory in memory ?? [] { try memory.write(edit.bytes, at: edit.offset) }
    }
    undo = []
    for dimm in damaged {
      try both(.writeLabels(dimm: dimm, bytes: labels[dimm] ?? []))
    }
    guard !damaged.isEmpty else { return }
    damaged = []
    // What the kernel refused has left the driver unbound.
    for dimm in try machines.kernel.inventory(.planning).dimms
    where labels[dimm.dev] != nil && !dimm.isEnabled {
      try both(.enableDimm(dimm.dev))
    }
  }

  private mutating func write(_ edit: MediaDamage.Edit) throws {
    guard let memory else { return }
    undo.append((edit.offset, try memory[0].read(at: edit.offset, count: edit.bytes.count)))
    for memory in memory { try memory.write(edit.bytes, at: edit.offset) }
  }

  /// What reading a block through the BTT gives, if that namespace has come to be one.
  private func readingDifferences(of block: Int) throws -> [String] {
    func answer(_ backend: any DeviceBackend) throws -> String {
      let namespaces = try backend.inventory(.planning).namespaces
      guard
        let namespace = namespaces.first(where: { $0.name == "sec" && $0.mode == .sector && $0.isEnabled })
      else { return "nothing" }
      do throws(DeviceError) {
        return try backend.withContent(of: namespace) { content throws(DeviceError) in
          let bytes = try content.read(at: UInt64(block) * 4096, count: 4096)
          return bytes.allSatisfy { $0 == 0 } ? "zeros" : "\(bytes.prefix(16))"
        }
      } catch { return "error \(error.errno ?? 0)" }
    }
    let (kernel, simulated) = (try answer(machines.kernel), try answer(machines.simulated))
    guard kernel != simulated else { return [] }
    return ["block \(block) reads as \(kernel) in the kernel, as \(simulated) simulated"]
  }

  // MARK: Both

  /// A step that must be done on both.
  private func both(_ step: Step) throws {
    try machines.kernel.perform(step)
    try machines.simulated.perform(step)
  }

  /// A step that both must answer alike.
  ///
  /// - Returns: The difference, in words.
  private func compared(_ step: Step) -> [String] {
    Comparison.perform(step, on: machines.kernel, step, on: machines.simulated).differences.map {
      "\(step.words): \($0)"
    }
  }

  private func present() throws -> [Namespace] {
    try machines.kernel.inventory(.planning).regions.first { $0.id == region.id }?.configuredNamespaces ?? []
  }

  // MARK: Media

  private func populate() throws {
    for (name, mode, size) in [
      ("fs", NamespaceMode.fsdax, UInt64(64)), ("dd", .devdax, 64), ("sec", .sector, 32), ("rw", .raw, 16),
    ] {
      let inventory = try machines.kernel.inventory(.planning)
      guard let region = inventory.regions.first(where: { $0.id == region.id }) else { continue }
      // Of a set labels alone are looked at: they are as small as they can be.
      let size = memory == nil ? ByteCount(region.align) : .mebibytes(size)
      guard size <= region.maxAvailableExtent else { continue }
      let request = NamespaceCreateRequest(
        mode: memory == nil ? .raw : mode, amount: .bytes(size), name: name, regions: [region],
        isRegionGiven: true)
      for entry in try NamespaceCreatePlanner(request, inventory: inventory).plan().plan.entries {
        try both(entry.step)
      }
    }
  }

  /// What there is to damage; its region is disabled.
  private func structures(of namespace: Namespace) throws -> MediaDamage.Structures {
    guard let memory, let name = namespace.name else {
      throw DeviceError(.failed, "\(namespace.dev) has no name")
    }
    return try MediaDamage.Structures(
      of: name, labeled: labels[region.dimmsByPosition[0]] ?? [], regionAt: region.mappings[0].offset
    ) { offset, count in try memory[0].read(at: offset, count: count) }
  }
}
