/// Finds the size and offset of a namespace in a region with labels.
///
/// The kernel takes the first hole, by address, that is large enough (namespace_devs.c:scan_allocate), so the offset
/// follows from the size; and the usable size follows from the offset.
struct SizeSolver {
  private let request: NamespaceCreateRequest
  private let region: Region
  private let extents: [Extent]
  private let geometry: NamespaceGeometry

  init(_ request: NamespaceCreateRequest, region: Region, extents: [Extent], geometry: NamespaceGeometry) {
    self.request = request
    self.region = region
    self.extents = extents
    self.geometry = geometry
  }

  private var unit: UInt64 { region.align }
  private var largest: UInt64 { extents.map(\.length).max() ?? 0 }
  private var total: UInt64 { extents.reduce(0) { $0 + $1.length } }

  func solve() throws(DeviceError) -> NamespaceProposal {
    guard largest > 0 else {
      throw error("it has no free space", details: [inUse], errno: 28)
    }
    switch (request.amount, request.measure) {
    case (.max, _):
      return try placed(largest)
    case (.percent(let share), .taken):
      return try take(percentage(share).roundedDown(to: unit).rawValue, asked: nil)
    case (.bytes(let size), .taken):
      return try take(size.rawValue, asked: size)
    case (.percent(let share), .usable):
      return try use(percentage(share).rawValue)
    case (.bytes(let size), .usable):
      return try use(size.rawValue)
    }
  }

  private func percentage(_ share: Int) -> ByteCount {
    ByteCount(region.size.rawValue / 100 * UInt64(share) + region.size.rawValue % 100 * UInt64(share) / 100)
  }

  // MARK: --size

  private func take(_ size: UInt64, asked: ByteCount?) throws(DeviceError) -> NamespaceProposal {
    let text = "of \(asked ?? ByteCount(size))"
    guard size % unit == 0, size > 0 else {
      throw error(
        "it must be a multiple of \(ByteCount(unit))", of: text, details: [nearest(to: size), room],
        try: suggestion(nearestPossible(to: size)), errno: 22)
    }
    guard size <= largest else {
      let reason =
        size <= total ? "no single hole is that large" : "there is not that much free space"
      throw error(reason, of: text, details: [room], try: suggestion(nearestPossible(to: size)), errno: 28)
    }
    return try placed(size, of: text)
  }

  /// The namespace of `size`, a multiple of the unit that fits a hole, at the offset that the kernel will choose.
  private func placed(_ size: UInt64, of text: String = "there") throws(DeviceError) -> NamespaceProposal {
    guard let extent = extents.first(where: { $0.length >= size }) else {
      throw error("there is no room", errno: 28)
    }
    if let proposal = try geometry.proposal(offset: extent.offset, size: size, extent: extent) {
      return proposal
    }
    let align = geometry.mode.hasMemoryMap ? " with \(ByteCount(geometry.align)) alignment" : ""
    let least = try smallestPossible()
    throw error(
      "nothing would be usable in \(geometry.mode) mode\(align)", of: text,
      details: [
        least.map { "the smallest that works here is \(ByteCount($0))" }
          ?? "no hole of \(region.dev) is large enough for that", room,
      ],
      try: suggestion(least), errno: 6)
  }

  // MARK: --usable

  private func use(_ wanted: UInt64) throws(DeviceError) -> NamespaceProposal {
    let text = "with \(ByteCount(wanted)) usable"
    guard var size = ByteCount(wanted).roundedUp(to: unit)?.rawValue else {
      throw error("there is not that much free space", of: text, details: [room], errno: 28)
    }
    while size <= largest, let extent = extents.first(where: { $0.length >= size }) {
      let proposal = try geometry.proposal(offset: extent.offset, size: size, extent: extent)
      if let proposal, proposal.usable.rawValue >= wanted { return proposal }
      let next = max(
        size + geometry.step(from: proposal, to: wanted, unit: unit),
        geometry.next(after: size, at: extent.offset, unit: unit))
      // A larger size would go into another hole.
      size = size < extent.length ? min(next, extent.length + unit) : next
    }
    let best = try? placed(largest)
    throw error(
      "there is no hole for it", of: text,
      details: [best.map { "the most that can be usable is \($0.usable.exact)" }, room].compactMap { $0 },
      try: best.map { suggestions("--usable", $0.usable) } ?? [], errno: 28)
  }

  // MARK: Alternatives

  private func smallestPossible() throws(DeviceError) -> UInt64? {
    var best: UInt64?
    for extent in extents {
      guard let size = try geometry.smallest(in: extent, unit: unit) else { continue }
      // Only if the kernel would choose this very hole.
      guard extents.first(where: { $0.length >= size }) == extent else { continue }
      best = min(best ?? size, size)
    }
    return best
  }

  private func nearestPossible(to size: UInt64) -> UInt64? {
    let below = min(size - size % unit, largest)
    if below > 0, (try? placed(below)) != nil { return below }
    return try? smallestPossible()
  }

  private func nearest(to size: UInt64) -> String {
    let below = size - size % unit
    let above = ByteCount(size).roundedUp(to: unit)
    return below == 0
      ? "the nearest is \(ByteCount(unit))" : "nearest: \(ByteCount(below)) or \(above ?? ByteCount(below))"
  }

  private var room: String {
    let pieces = extents.count == 1 ? "in one piece" : "in \(extents.count) pieces"
    return "the largest free extent is \(ByteCount(largest)) (\(ByteCount(total)) free \(pieces))"
  }

  private var inUse: String {
    let count = region.configuredNamespaces.count
    return "\(counted(count, "namespace")) \(count == 1 ? "takes" : "take") all \(region.size)"
  }

  private func suggestion(_ size: UInt64?) -> [Suggestion] {
    size.map { suggestions("--size", ByteCount($0)) } ?? []
  }

  private func suggestions(_ option: String, _ size: ByteCount) -> [Suggestion] {
    var words = ["pmemctl", "namespace", "create", "--region", region.dev]
    if request.mode != .fsdax { words += ["--mode", "\(request.mode)"] }
    if let map = request.map { words += ["--map", "\(map)"] }
    if let align = request.align { words += ["--align", ByteCount(align).argument] }
    if let size = request.sectorSize { words += ["--sector-size", "\(size)"] }
    // One that begins with a dash would be read as an option.
    if let name = request.name { words += name.hasPrefix("-") ? ["--name=\(name)"] : ["--name", name] }
    if let uuid = request.uuid { words += ["--uuid", "\(uuid)"] }
    return [Suggestion([words + [option, size.argument]])]
  }

  private func error(
    _ reason: String, of text: String = "there", details: [String] = [], try suggestions: [Suggestion] = [],
    errno: Int32
  ) -> DeviceError {
    let what = text == "there" ? "" : " \(text)"
    return DeviceError(
      .failed, "cannot create a namespace\(what) on \(region.dev): \(reason)", details: details,
      try: suggestions, errno: errno)
  }
}
