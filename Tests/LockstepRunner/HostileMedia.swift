import PmemDevice
import PmemMedia
import TestSupport

/// Damages the media of a kernel and of a simulated machine alike, has both probe them again, and compares what they make of
/// it. The damage is undone after each round.
struct HostileMedia {
  private var machines: Lockstep
  private var damage: MediaDamage
  private let region: Region
  private let dimm: String
  private var labels: [UInt8] = []
  /// What a round may have changed, by namespace, as it was.
  private var media: [String: [(offset: UInt64, bytes: [UInt8])]] = [:]
  private(set) var problems: [String] = []

  /// Makes a namespace of each mode on the first divisible region of both.
  init(_ machines: Lockstep, seed: UInt64) throws {
    self.machines = machines
    damage = MediaDamage(seed: seed)
    guard let region = machines.inventory.regions.first(where: { $0.isLabeled && $0.mappings.count == 1 })
    else {
      throw DeviceError(.failed, "no region of one DIMM has labels")
    }
    self.region = region
    dimm = region.mappings[0].dimm
    for (name, mode, size) in [
      ("fs", NamespaceMode.fsdax, UInt64(64)), ("dd", .devdax, 64), ("sec", .sector, 32), ("rw", .raw, 16),
    ] {
      let inventory = try machines.kernel.inventory(.planning)
      guard let region = inventory.regions.first(where: { $0.id == region.id }) else { continue }
      let request = NamespaceCreateRequest(
        mode: mode, amount: .bytes(.mebibytes(size)), name: name, regions: [region], isRegionGiven: true)
      for entry in try NamespaceCreatePlanner(request, inventory: inventory).plan().plan.entries {
        try both(entry.step)
      }
    }
    try detach()
    // What is in unused slots differs: the kernel's is written to both.
    labels = try machines.kernel.readLabels(dimm: dimm)
    try both(.disableRegion(region.dev))
    try both(.writeLabels(dimm: dimm, bytes: labels))
    try both(.enableRegion(region.dev))
    try detach()
    for namespace in try present() { media[namespace.name ?? ""] = try keep(namespace) }
    damage.learn(labels: labels, media: media)
  }

  /// One round; gives what was damaged.
  mutating func round() throws -> [String] {
    problems = []
    let (edits, area, words) = damage.next(labels, media)
    for edit in edits {
      guard let namespace = try present().first(where: { $0.name == edit.namespace }) else { continue }
      try both(.write(namespace: namespace.dev, bytes: edit.bytes, offset: edit.offset))
    }
    try compared(.disableRegion(region.dev))
    if let area { try compared(.writeLabels(dimm: dimm, bytes: area)) }
    try compared(.enableRegion(region.dev))
    problems += try machines.differences()
    let found = problems
    try restore()
    problems = found + problems
    return words
  }

  /// As it was before the round.
  private mutating func restore() throws {
    try detach()
    try both(.disableRegion(region.dev))
    // What the kernel refuses leaves the driver unbound; the second time the area is good.
    try both(.writeLabels(dimm: dimm, bytes: labels))
    if try machines.kernel.inventory(.planning).dimms.contains(where: { $0.dev == dimm && !$0.isEnabled }) {
      try both(.enableDimm(dimm))
    }
    try both(.enableRegion(region.dev))
    try detach()
    for namespace in try present() {
      for piece in media[namespace.name ?? ""] ?? [] {
        try both(.write(namespace: namespace.dev, bytes: piece.bytes, offset: piece.offset))
      }
    }
    problems = try machines.differences().map { "after the damage was undone: \($0)" }
  }

  // MARK: Both

  /// A step that must be done on both.
  private mutating func both(_ step: Step) throws {
    try machines.kernel.perform(step)
    try machines.simulated.perform(step)
  }

  /// A step that both must answer alike.
  private mutating func compared(_ step: Step) throws {
    let (kernel, simulated) = (Self.errno(machines.kernel, step), Self.errno(machines.simulated, step))
    guard kernel != simulated else { return }
    problems.append("\(step.words): the kernel answers \(kernel), the simulated machine \(simulated)")
  }

  /// 0 for done.
  private static func errno(_ backend: any DeviceBackend, _ step: Step) -> Int32 {
    do throws(DeviceError) {
      try backend.perform(step)
      return 0
    } catch { return error.errno ?? -1 }
  }

  private func present() throws -> [Namespace] {
    try machines.kernel.inventory(.planning).regions.first { $0.id == region.id }?.configuredNamespaces ?? []
  }

  /// Disables, and unclaims, all on each, whatever it is there.
  private mutating func detach() throws {
    for backend in [machines.kernel, machines.simulated] {
      let inventory = try backend.inventory(.planning)
      for namespace in inventory.regions.first(where: { $0.id == region.id })?.configuredNamespaces ?? [] {
        if namespace.isEnabled {
          try backend.perform(.disable(namespace: namespace.dev))
        } else if namespace.holder != nil {
          try backend.perform(.release(namespace: namespace.dev))
        }
      }
    }
  }

  // MARK: Media

  private func keep(_ namespace: Namespace) throws -> [(offset: UInt64, bytes: [UInt8])] {
    try machines.kernel.withRawMedia(of: namespace.dev, forWriting: false) { raw throws(DeviceError) in
      var pieces = [(offset: UInt64(0), bytes: try raw.read(at: 0, count: 8192))]
      let first = Array(pieces[0].bytes.prefix(4096))
      let second = Array(pieces[0].bytes.dropFirst(4096))
      for (start, bytes) in [(UInt64(0), first), (4096, second)] {
        guard let block = try? BttInfoBlock(bytes) else { continue }
        let place = start + block.mapOffset
        let end = start + block.info2Offset + UInt64(BttInfoBlock.size)
        // A block that a larger namespace left there is none of this one's.
        guard place < end, end <= raw.size else { continue }
        pieces.append((place, try raw.read(at: place, count: Int(end - place))))
      }
      return pieces
    }
  }
}
