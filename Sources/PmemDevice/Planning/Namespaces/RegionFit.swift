/// Fits a requested namespace into one region, or reports why it does not fit and what does.
struct RegionFit {
  private let request: NamespaceCreateRequest
  private let region: Region
  private let inventory: Inventory
  /// The operation, for messages: `create a namespace on region0`.
  private let what: String
  private let extents: [Extent]?
  private var mode: NamespaceMode { request.mode }

  /// - Parameters:
  ///   - request: The namespace.
  ///   - region: The region.
  ///   - inventory: The machine.
  ///   - what: The operation, if it is not a creation.
  ///   - extents: The region's free extents, if they are known.
  init(
    _ request: NamespaceCreateRequest, region: Region, inventory: Inventory, what: String? = nil,
    extents: [Extent]? = nil
  ) {
    self.extents = extents
    self.what = what ?? "create a namespace on \(region.dev)"
    self.request = request
    self.region = region
    self.inventory = inventory
  }

  func proposal() throws(DeviceError) -> NamespaceProposal {
    try check()
    return region.isLabeled ? try divide() : try takeWhole()
  }

  /// Whether the region can have such a namespace at all, wherever it would be.
  func check() throws(DeviceError) {
    try checkRegion()
    try checkCapabilities()
  }

  // MARK: Requirements on the region

  private func checkRegion() throws(DeviceError) {
    guard region.isEnabled else {
      throw refusal(
        "it is disabled", try: ["pmemctl region enable \(region.dev)"])
    }
    guard !region.isReadOnly else { throw refusal("it is read-only") }
  }

  private func checkCapabilities() throws(DeviceError) {
    if mode == .sector {
      let supported = region.capabilities.sectorSizes
      guard !supported.isEmpty else { throw unsupported("sector mode (BTT)") }
      if let size = request.sectorSize, !supported.contains(size) {
        throw refusal(
          "sector size \(size) is not supported", code: .usage,
          details: ["sector mode takes \(list(supported))"])
      }
    } else if let size = request.sectorSize, ![512, 4096].contains(size) {
      throw refusal(
        "sector size \(size) is not supported in \(mode) mode", code: .usage,
        details: ["it takes 512 or 4096"])
    }
    guard mode.hasMemoryMap else { return }
    let supported = region.capabilities.alignments(for: mode)
    guard !supported.isEmpty else { throw unsupported("\(mode) mode") }
    if let align = request.align, !supported.contains(align) {
      throw refusal(
        "alignment \(ByteCount(align)) is not supported", code: .usage,
        details: ["\(mode) takes \(supported.map { ByteCount($0).argument }.joined(separator: ", "))"])
    }
  }

  private func unsupported(_ what: String) -> DeviceError {
    refusal("this kernel has no \(what)", code: .unsupported, details: ["are its modules loaded?"])
  }

  // MARK: A region with labels: cut a piece

  private func divide() throws(DeviceError) -> NamespaceProposal {
    if !inventory.host.rules.dividesRegions, let only = region.configuredNamespaces.first {
      throw refusal(
        "this kernel (\(inventory.host.kernelRelease)) supports one namespace a region, which is \(only.title)",
        code: .unsupported, details: ["regions can be divided since Linux 4.9"])
    }
    guard let seed = region.nextNamespace else { throw seedLost }
    try checkLabels()
    guard let extents = extents ?? region.freeExtents else {
      throw DeviceError(
        .permission, "cannot plan on \(region.dev): the addresses of its namespaces may not be read",
        details: ["only root may see and change them"])
    }
    let geometry = NamespaceGeometry(
      request: request, region: region, host: inventory.host, namespace: seed, bttVersion: bttVersion,
      neighbours: inventory.neighbours(of: region),
      sectionUses: inventory.sectionUses(but: seed.dev))
    return try SizeSolver(request, region: region, extents: extents, geometry: geometry).solve()
  }

  /// namespace_devs.c:btt_claim_class: v1.1 labels mean BTT 1.1, and so does no label.
  var bttVersion: BttLayout.Version {
    let versions = region.mappings.compactMap { mapping in
      inventory.dimms.first { $0.dev == mapping.dimm }?.labels?.version
    }
    return !region.isLabeled || versions.contains(.v11) ? .v1 : .v2
  }

  private var seedLost: DeviceError {
    let enabled = region.configuredNamespaces.first { $0.dev == region.namespaceSeed }
    return refusal(
      "the kernel has not planted a device for the next namespace",
      details: [
        "it can lose that race when a region with namespaces is enabled; enabling it again creates the seed"
      ],
      try: [
        enabled.map { "pmemctl namespace disable \($0.dev) && pmemctl namespace enable \($0.dev)" }
          ?? "pmemctl region disable \(region.dev) && pmemctl region enable \(region.dev)"
      ])
  }

  private func checkLabels() throws(DeviceError) {
    for mapping in region.mappings {
      guard let dimm = inventory.dimms.first(where: { $0.dev == mapping.dimm }) else { continue }
      guard dimm.isEnabled else { throw refusal("its DIMM \(dimm.dev) is disabled") }
      if let labels = dimm.labels, labels.availableSlots < 1 {
        throw refusal(
          "no label is free on \(dimm.dev)",
          details: ["every namespace needs one on each DIMM; destroying one frees its label"], errno: 6)
      }
    }
  }

  // MARK: A label-less region: all or nothing

  private func takeWhole() throws(DeviceError) -> NamespaceProposal {
    guard let namespace = region.namespaces.first else { throw refusal("it has no namespace device") }
    guard request.isRegionGiven else {
      throw refusal(
        "it has no labels and is one namespace, \(namespace.dev); only --region \(region.dev) recreates it")
    }
    if case .bytes(let size) = request.amount, request.measure == .taken, size != region.size {
      throw labelless("it has no labels and cannot be divided: leave --size out to take all \(region.size)")
    }
    if case .percent(let share) = request.amount, share != 100 {
      throw labelless("it has no labels and cannot be divided: leave --size out to take all \(region.size)")
    }
    if request.uuid != nil {
      throw labelless("it has no labels, so there is nowhere to keep a UUID")
    }
    if namespace.isEnabled || namespace.holder != nil, !request.force {
      throw DeviceError(
        .refused,
        "refused: \(namespace.dev), which is all of \(region.dev), is enabled (\(namespace.mode), \(namespace.size))",
        details: ["--force recreates it; its content will be lost"])
    }
    let geometry = NamespaceGeometry(
      request: request, region: region, host: inventory.host, namespace: namespace, bttVersion: .v1,
      neighbours: inventory.neighbours(of: region),
      sectionUses: inventory.sectionUses(but: namespace.dev))
    let whole = Extent(offset: 0, length: region.size.rawValue)
    guard let proposal = try geometry.proposal(offset: 0, size: region.size.rawValue, extent: whole) else {
      throw refusal("\(region.size) is too small for \(mode) mode")
    }
    if case .bytes(let wanted) = request.amount, request.measure == .usable, proposal.usable < wanted {
      throw labelless(
        "it has no labels and leaves \(proposal.usable) usable, less than \(wanted)")
    }
    return proposal
  }

  private func labelless(_ reason: String) -> DeviceError {
    // A DIMM with a label area that holds no index block comes up like one without.
    let blank = region.mappings.map(\.dimm).filter { name in
      inventory.dimms.contains { $0.dev == name && $0.labels != nil }
    }
    let hint =
      blank.isEmpty
      ? []
      : [
        "the label area of \(blank.joined(separator: ", ")) is blank: with labels the region could be divided "
          + "(pmemctl label init \(blank.joined(separator: " ")))"
      ]
    return refusal(
      reason, details: hint, try: ["pmemctl namespace create --region \(region.dev) --mode \(mode.rawValue)"])
  }

  // MARK: Words

  private func refusal(
    _ reason: String, code: DeviceError.Code = .failed, details: [String] = [],
    try suggestions: [Suggestion] = [],
    errno: Int32? = nil
  ) -> DeviceError {
    DeviceError(
      code, "cannot \(what): \(reason)", details: details, try: suggestions,
      errno: errno)
  }

  private func list(_ values: [UInt64]) -> String { values.map(String.init).joined(separator: ", ") }
}
