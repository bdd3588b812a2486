/// Decides the offset and size of a new namespace: from a request and an inventory to a plan, without touching
/// anything. Exact: the usable size is the kernel's to the byte.
public struct NamespaceCreatePlanner {
  private let request: NamespaceCreateRequest
  private let inventory: Inventory
  private let extents: [Int: [Extent]]

  public init(_ request: NamespaceCreateRequest, inventory: Inventory) {
    self.init(request, inventory: inventory, extents: [:])
  }

  /// - Parameters:
  ///   - request: The namespace.
  ///   - inventory: The machine.
  ///   - extents: The free extents of regions, by number, as far as they are known.
  init(_ request: NamespaceCreateRequest, inventory: Inventory, extents: [Int: [Extent]]) {
    self.request = request
    self.inventory = inventory
    self.extents = extents
  }

  /// The plan, or why there is none and what would work.
  public func plan() throws(DeviceError) -> NamespaceCreatePlan {
    try request.validate()
    try checkUUID()
    let (proposal, candidates) = try choose()
    return NamespaceCreatePlan(
      request: request, proposal: proposal, candidates: candidates, uuid: request.uuid ?? .random(),
      warnings: warnings(for: proposal))
  }

  private func checkUUID() throws(DeviceError) {
    guard let uuid = request.uuid else { return }
    // bus.c:nd_is_uuid_unique compares within a bus; an ambiguous UUID on one machine helps no one.
    if let owner = inventory.namespace(withUUID: uuid) {
      throw DeviceError(
        .failed, "cannot create a namespace with UUID \(uuid): \(owner.title) has it already",
        details: ["leave --uuid out for a random one"], errno: 22)
    }
  }

  private func warnings(for proposal: NamespaceProposal) -> [String] {
    var warnings: [String] = []
    if let name = request.name, let twin = inventory.namespace(ownName: name) {
      warnings.append("\(twin.dev) is also named \"\(name)\": the name alone will be ambiguous")
    }
    if request.name != nil, !proposal.region.isLabeled {
      warnings.append("\(proposal.region.dev) has no labels: the name cannot be kept and is ignored")
    }
    if proposal.truncated != .zero {
      warnings.append(
        "\(proposal.truncated) at the end cannot be used with \(ByteCount(proposal.align ?? 0)) alignment")
    }
    return warnings
  }

  /// Best fit: the hole that has least left; the largest hole for `max`. Ties go to the lower NUMA node, then
  /// to the lower region.
  private func choose() throws(DeviceError) -> (NamespaceProposal, Int) {
    var proposals: [NamespaceProposal] = []
    var failures: [DeviceError] = []
    for region in request.regions {
      do throws(DeviceError) {
        proposals.append(
          try RegionFit(request, region: region, inventory: inventory, extents: extents[region.id]).proposal()
        )
      } catch {
        failures.append(error)
      }
    }
    let best = proposals.min { left, right in
      let leftKey = key(left)
      let rightKey = key(right)
      return leftKey.lexicographicallyPrecedes(rightKey)
    }
    if let best { return (best, proposals.count) }
    throw combined(failures)
  }

  private func key(_ proposal: NamespaceProposal) -> [Int64] {
    let fit =
      request.amount == .max ? -Int64(clamping: proposal.usable.rawValue) : Int64(clamping: proposal.leftover)
    return [fit, Int64(proposal.region.numaNode), Int64(proposal.region.id)]
  }

  private func combined(_ failures: [DeviceError]) -> DeviceError {
    guard let first = failures.first else {
      return DeviceError(.notFound, "cannot create a namespace: this machine has no persistent memory region")
    }
    guard failures.count > 1 else { return first }
    // The error of the region that came closest is the most useful: one that has labels and room.
    let suggestions = failures.flatMap(\.suggestions)
    let isAlike = failures.allSatisfy { $0.code == first.code }
    let isForbidden = failures.contains { $0.code == .permission }
    return DeviceError(
      isForbidden ? .permission : isAlike ? first.code : .failed,
      "cannot create a namespace as asked on any of \(failures.count) regions",
      details: failures.map { $0.summary.droppingPrefix("cannot create a namespace ") },
      try: Array(suggestions.prefix(2)))
  }
}

extension String {
  /// The text without `prefix`, if it begins with it.
  fileprivate func droppingPrefix(_ prefix: String) -> String {
    hasPrefix(prefix) ? String(dropFirst(prefix.count)) : self
  }
}
