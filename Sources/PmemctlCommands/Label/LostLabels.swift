import PmemDevice
import PmemMedia

/// DIMMs all of whose labels are lost: one that was named, and those that share regions with it.
struct LostLabels {
  let inventory: Inventory
  let dimms: [DIMM]
  /// The label areas of them, by kernel name.
  private(set) var areas: [String: [UInt8]] = [:]
  /// Of the index blocks of those that have some.
  private(set) var versions: [String: LabelVersion] = [:]
  /// Labels in their slots that no index block refers to, by kernel name.
  private(set) var remnants: [String: [LabelStore.Unindexed]] = [:]
  /// Regions that can be read.
  private(set) var windows: [RecoveryWindow] = []
  /// Regions that are divided, and have no namespaces: they can be made readable.
  private(set) var closed: [Region] = []
  /// Those of ``windows`` that were made readable for this, by kernel name.
  var opened: [String] = []

  /// - Parameters:
  ///   - name: Of one DIMM.
  ///   - inventory: The present one.
  ///   - backend: Its label areas are read.
  /// - Throws: ``DeviceError/Code/refused`` if labels are left, ``DeviceError/Code/failed`` if a region can neither be read nor
  ///   be made readable.
  init(_ name: String, _ inventory: Inventory, _ backend: any CommandContext.Backend) throws(DeviceError) {
    let named = try NameResolver(inventory).dimms([name])
    guard named.count == 1, let first = named.first else {
      throw DeviceError(.usage, "recover takes one DIMM, and \"\(name)\" matches \(named.count)")
    }
    self.inventory = inventory
    let regions = Self.regions(sharing: first, inventory)
    let members = Set(regions.flatMap { $0.mappings.map(\.dimm) } + [first.dev])
    dimms = inventory.dimms.filter { members.contains($0.dev) }
    guard !regions.isEmpty else {
      throw DeviceError(.unsupported, "cannot recover the labels of \(first.dev): it is in no region")
    }
    for dimm in dimms { areas[dimm.dev] = try backend.readLabels(dimm: dimm.dev) }
    remnants = areas.mapValues(LabelStore.remnants)
    versions = areas.compactMapValues { LabelStore($0).index?.layout.version }
    for region in regions {
      if let window = RecoveryWindow(region) {
        windows.append(window)
      } else if region.isLabeled, region.isEnabled, region.configuredNamespaces.isEmpty {
        closed.append(region)
      } else {
        try refuseLabels()
        throw DeviceError(
          .failed,
          "cannot recover the labels of \(first.dev): \(region.dev) is not one raw namespace, so its bytes cannot be read",
          details: region.isEnabled ? ["a region whose labels were lost is, after the next boot"] : [],
          try: region.isEnabled ? [] : ["pmemctl region enable \(region.dev)"])
      }
    }
    try refuseLabels()
  }

  /// `nmem0`, `nmem0 and nmem1`.
  var what: String { dimms.map(\.dev).joined(separator: " and ") }

  /// - Throws: ``DeviceError/Code/unsupported`` if the kernel does not show it.
  func cookie(of region: Region, _ backend: any CommandContext.Backend) throws(DeviceError) -> UInt64 {
    guard let cookie = try backend.setCookie(of: region) else {
      throw DeviceError(
        .unsupported,
        "cannot recover the labels of \(what): the kernel does not show the cookie of \(region.dev), which labels have"
      )
    }
    return cookie
  }

  /// Presents all of ``closed`` as one raw namespace each: of their DIMMs, which have index blocks, only labels are written.
  func opening(_ backend: any CommandContext.Backend) throws(DeviceError) -> Plan {
    var labels: [String: [NamespaceLabel]] = [:]
    for region in closed {
      for (dimm, label) in RecoveryWindow.labels(
        of: region, cookie: try cookie(of: region, backend), type: inventory.labelType(of: region))
      {
        labels[dimm, default: []].append(label)
      }
    }
    var written: [(dimm: DIMM, bytes: [UInt8])] = []
    for dimm in dimms {
      guard let own = labels[dimm.dev] else { continue }
      let edit = LabelEdit(Dictionary(grouping: own, by: \.uuid))
      guard let bytes = edit.applied(to: areas[dimm.dev] ?? [], last: true) else {
        throw DeviceError(.failed, "cannot read what is on \(dimm.dev): its label area has no free slot")
      }
      written.append((dimm, bytes))
    }
    var plan = try LabelPlanner(inventory, inspector: backend, contents: nil).repair(
      written, fixes: [], verb: "read")
    plan.title = "read \(closed.map(\.dev).joined(separator: " and ")) as one namespace"
    return plan
  }

  private static func regions(sharing dimm: DIMM, _ inventory: Inventory) -> [Region] {
    var names: Set<String> = [dimm.dev]
    var found: [Region] = []
    while true {
      found = inventory.regions.filter { $0.mappings.contains { names.contains($0.dimm) } }
      let all = names.union(found.flatMap { $0.mappings.map(\.dimm) })
      guard all != names else { return found }
      names = all
    }
  }

  /// Labels of what is read are none of theirs; labels that no index refers to are restored by their own verb.
  private func refuseLabels() throws(DeviceError) {
    let own = Set(windows.compactMap(\.namespace.labelUUID))
    for dimm in dimms {
      let store = LabelStore(areas[dimm.dev] ?? [])
      guard
        store.active.contains(where: { !own.contains($0.uuid) })
          || store.index == nil && store.unindexed != nil
      else { continue }
      throw DeviceError(
        .refused, "refused to recover the labels of \(what): labels are there",
        details: ["nothing was changed"], try: ["pmemctl label repair \(dimm.dev)"], errno: 16)
    }
  }
}
