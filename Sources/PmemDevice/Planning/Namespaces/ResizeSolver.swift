/// Finds the size and offset that a namespace will have when it is resized in place.
struct ResizeSolver {
  private let namespace: Namespace
  private let region: Region
  private let geometry: NamespaceGeometry
  private let what: String
  private let holes: [Extent]

  /// In errors, `what` is the operation: `reconfigure namespace0.0 "db"`.
  init(_ namespace: Namespace, on region: Region, geometry: NamespaceGeometry, what: String) {
    self.namespace = namespace
    self.region = region
    self.geometry = geometry
    self.what = what
    holes = region.freeExtents ?? []
  }

  private var unit: UInt64 { region.align }
  private var size: UInt64 { namespace.rawSize.rawValue }

  private var extent: NamespaceExtent {
    get throws(DeviceError) {
      // All of a label-less region, whose address a person may not see.
      guard region.isLabeled else { return NamespaceExtent(offset: 0, size: size) }
      guard let start = namespace.resource, let base = region.resource, region.freeExtents != nil else {
        throw DeviceError(
          .permission, "cannot \(what): the addresses of namespaces may not be read",
          details: ["only root may see and change them"])
      }
      return NamespaceExtent(offset: start - base, size: size)
    }
  }

  func solve(_ target: NamespaceCreateRequest, changesSize: Bool) throws(DeviceError) -> NamespaceProposal {
    let extent = try extent
    guard changesSize else { return try required(extent) }
    guard region.isLabeled else {
      throw failure("\(region.dev) has no labels: it is one namespace of \(region.size)", errno: 6)
    }
    switch (target.amount, target.measure) {
    case (.max, _): return try required(try resized(largest(extent), extent))
    case (.percent(let share), .taken):
      return try required(try resized(percentage(share) / unit * unit, extent))
    case (.bytes(let wanted), .taken): return try required(try resized(wanted.rawValue, extent))
    case (.percent(let share), .usable): return try usable(percentage(share), extent)
    case (.bytes(let wanted), .usable): return try usable(wanted.rawValue, extent)
    }
  }

  private func percentage(_ share: Int) -> UInt64 {
    region.size.rawValue / 100 * UInt64(share) + region.size.rawValue % 100 * UInt64(share) / 100
  }

  /// The largest that one hole beside it allows.
  private func largest(_ extent: NamespaceExtent) -> UInt64 {
    holes.map { size + $0.length }.filter { extent.grown(to: $0, holes: holes) != nil }.max() ?? size
  }

  private func resized(_ wanted: UInt64, _ extent: NamespaceExtent) throws(DeviceError) -> NamespaceExtent {
    guard wanted > 0, wanted % unit == 0 else {
      let below = wanted / unit * unit
      let nearest =
        below == 0
        ? "the nearest is \(ByteCount(unit))" : "nearest: \(ByteCount(below)) or \(ByteCount(below + unit))"
      throw failure("its size must be a multiple of \(ByteCount(unit))", details: [nearest], errno: 22)
    }
    guard wanted > size else { return NamespaceExtent(offset: extent.offset, size: wanted) }
    guard let grown = extent.grown(to: wanted, holes: holes) else {
      let most = largest(extent)
      throw failure(
        "there is no free space of \(ByteCount(wanted - size)) beside it",
        details: [
          most > size
            ? "the largest size in place is \(ByteCount(most))" : "it cannot grow in place",
          "\(region.dev) has \(region.availableSize) free, the largest piece is \(region.maxAvailableExtent)",
        ], errno: 28)
    }
    return grown
  }

  private func usable(_ wanted: UInt64, _ extent: NamespaceExtent) throws(DeviceError) -> NamespaceProposal {
    let most = max(largest(extent), size)
    var next = (wanted / unit) * unit
    if next < wanted || next == 0 { next += unit }
    while next <= most {
      // A size that no hole allows may be followed by one that another does.
      var proposal: NamespaceProposal?
      if let there = try? resized(next, extent) { proposal = try self.proposal(there) }
      if let proposal, proposal.usable.rawValue >= wanted { return proposal }
      let step = geometry.step(from: proposal, to: wanted, unit: unit)
      // A larger namespace starts elsewhere if the free extent is before it.
      next = next < size ? min(next + step, size / unit * unit + unit) : next + step
    }
    let best = try proposal(try resized(most, extent))
    throw failure(
      "it cannot have \(ByteCount(wanted)) usable in place",
      details: [best.map { "the most is \($0.usable.exact)" }].compactMap { $0 }, errno: 28)
  }

  private func required(_ extent: NamespaceExtent) throws(DeviceError) -> NamespaceProposal {
    guard let proposal = try proposal(extent) else {
      let align = geometry.mode.hasMemoryMap ? " with \(ByteCount(geometry.align)) alignment" : ""
      throw failure(
        "nothing of \(ByteCount(extent.size)) would be usable in \(geometry.mode) mode\(align)", errno: 6)
    }
    return proposal
  }

  private func proposal(_ extent: NamespaceExtent) throws(DeviceError) -> NamespaceProposal? {
    // nd_namespace_store() takes no smaller one for any mode with an info block.
    guard geometry.mode == .raw || extent.size >= PfnLayout.minimumSize else { return nil }
    return try geometry.proposal(
      offset: extent.offset, size: extent.size, extent: Extent(offset: extent.offset, length: extent.size))
  }

  private func failure(_ reason: String, details: [String] = [], errno: Int32) -> DeviceError {
    DeviceError(.failed, "cannot \(what): \(reason)", details: details, errno: errno)
  }
}
