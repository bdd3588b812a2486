import PmemDevice
import PmemMedia

/// The differences of labels from an earlier state, and the way back: the kernel's own steps if these give the same
/// extents, otherwise label areas written while the regions are disabled.
struct LabelDifference {
  private let restoration: Restoration
  private let areas: [Area]
  /// The namespaces whose labels are not as they were.
  let changed: Set<DeviceUUID>

  /// A label area then and now.
  private struct Area {
    let saved: DimmState
    let dimm: DIMM
    let then: [UInt8]
    let now: [UInt8]
    let thenLabels: [DeviceUUID: Set<NamespaceLabel>]
    let nowLabels: [DeviceUUID: Set<NamespaceLabel>]
    /// Whether only the version of the labels, or whether there are any, differs.
    let isOtherFormat: Bool
  }

  init(_ restoration: Restoration) throws(DeviceError) {
    self.restoration = restoration
    var areas: [Area] = []
    var changed: Set<DeviceUUID> = []
    let touched = restoration.scope.uuids.union(restoration.removing)
    for saved in restoration.target.dimms {
      guard let then = saved.labels else { continue }
      guard let dimm = saved.find(in: restoration.inventory) else {
        throw DeviceError(.notFound, "DIMM \(saved.id ?? saved.dev) is not on this machine")
      }
      let now = try restoration.backend.readLabels(dimm: dimm.dev)
      let (before, present) = (LabelStore(then), LabelStore(now))
      let area = Area(
        saved: saved, dimm: dimm, then: then, now: now, thenLabels: before.labelSets,
        nowLabels: present.labelSets,
        isOtherFormat: restoration.scope.areas.contains(saved.dev)
          && before.layout?.version != present.layout?.version)
      for uuid in touched {
        let wanted = restoration.removing.contains(uuid) ? [] : area.thenLabels[uuid] ?? []
        if wanted != area.nowLabels[uuid] ?? [] { changed.insert(uuid) }
      }
      areas.append(area)
    }
    self.areas = areas
    self.changed = changed
  }

  /// - Returns: The steps, with those for the bytes and states of the same namespaces; nil if labels are as they were.
  func entries() throws(DeviceError) -> [Plan.Entry]? {
    guard !changed.isEmpty || areas.contains(where: \.isOtherFormat) else { return idle() }
    if restoration.usesKernel, isWholeSets, !areas.contains(where: \.isOtherFormat),
      let entries = try kernelSteps()
    {
      return entries
    }
    return try writing()
  }

  /// Devices that a create left with a UUID and no size: the kernel holds them back from others.
  private func idle() -> [Plan.Entry]? {
    let left = restoration.inventory.namespaces.filter { namespace in
      namespace.isSeed && namespace.labelUUID.map(restoration.scope.uuids.contains) ?? false
    }
    return left.isEmpty
      ? nil : left.map { Plan.Entry(.free(namespace: $0.dev), "clear the UUID of \($0.dev)") }
  }

  // MARK: By the kernel

  /// Whether the labels of every DIMM of the sets were kept: the kernel writes all labels of a set, also those that the
  /// change did not touch (drivers/nvdimm/label.c:nd_pmem_namespace_label_update).
  private var isWholeSets: Bool {
    let kept = Set(areas.map(\.dimm.dev))
    return restoration.inventory.regions(on: areas.map(\.dimm)).allSatisfy { region in
      region.mappings.allSatisfy { kept.contains($0.dimm) }
    }
  }

  /// nil if the kernel's allocation would give another extent, or the labels are in a state that it cannot change.
  private func kernelSteps() throws(DeviceError) -> [Plan.Entry]? {
    var regions = restoration.inventory.regions
    var freeing: [Plan.Entry] = []
    var keeping: [(saved: NamespaceState, present: Namespace)] = []
    var missing: [NamespaceState] = []
    let renumbered = renumbered
    for uuid in changed.sorted(by: { $0.description < $1.description }) {
      let present = restoration.inventory.namespaces.first { $0.labelUUID == uuid }
      let saved = savedNamespace(uuid)
      let isWanted =
        areas.contains { !($0.thenLabels[uuid] ?? []).isEmpty } && !restoration.removing.contains(uuid)
      switch (saved, present) {
      case (let saved?, let present?) where isWanted: keeping.append((saved, present))
      case (let saved?, nil) where isWanted:
        if let present = renumbered[uuid] { keeping.append((saved, present)) } else { missing.append(saved) }
      case (_, let present?) where renumbered.values.contains(present): continue
      case (_, let present?) where !isWanted:
        freeing += NamespaceStatePlanner.detaching(present)
        freeing.append(Plan.Entry(.free(namespace: present.dev), "free \(present.title) and its labels"))
        Self.forget(present, in: &regions)
      default: return nil
      }
    }
    var entries = freeing
    // Shrinking comes before growing, to make room.
    keeping.sort { left, right in
      (left.present.rawSize.rawValue > left.saved.size ? 0 : 1, left.saved.dev)
        < (right.present.rawSize.rawValue > right.saved.size ? 0 : 1, right.saved.dev)
    }
    for (saved, present) in keeping {
      guard let steps = changing(present, to: saved, &regions) else { return nil }
      // It is not found by the UUID that it had.
      if present.labelUUID != saved.uuid { entries += NamespaceStatePlanner.detaching(present) }
      entries += try restoration.restoring(saved, change: .steps(steps))
    }
    for saved in missing.sorted(by: { ($0.offset ?? 0) < ($1.offset ?? 0) }) {
      guard let steps = allocating(saved, &regions) else { return nil }
      entries += try restoration.restoring(saved, change: .steps(steps))
    }
    return entries
  }

  /// Namespaces that the change gave another UUID, by the old one: it does not exist any more, and the extent now has
  /// one that the labels did not have then.
  private var renumbered: [DeviceUUID: Namespace] {
    var found: [DeviceUUID: Namespace] = [:]
    for saved in restoration.target.namespaces {
      guard let uuid = saved.uuid, changed.contains(uuid), !restoration.removing.contains(uuid),
        areas.allSatisfy({ ($0.nowLabels[uuid] ?? []).isEmpty }),
        let present = restoration.inventory.namespaces.first(where: { namespace in
          guard !namespace.isSeed, let now = namespace.labelUUID, changed.contains(now),
            let start = namespace.resource,
            let region = restoration.inventory.region(of: namespace), let base = region.resource
          else { return false }
          return region.dev == saved.region && start >= base && start - base == saved.offset
            && areas.allSatisfy { ($0.thenLabels[now] ?? []).isEmpty }
        })
      else { continue }
      found[uuid] = present
    }
    return found
  }

  private func savedNamespace(_ uuid: DeviceUUID) -> NamespaceState? {
    restoration.target.namespaces.first { $0.uuid == uuid }
  }

  private static func forget(_ namespace: Namespace, in regions: inout [Region]) {
    guard let index = regions.firstIndex(where: { $0.id == namespace.regionID }),
      let number = regions[index].namespaces.firstIndex(where: { $0.id == namespace.id })
    else { return }
    regions[index].namespaces[number].rawSize = .zero
  }

  /// Labels that differ in what only writing them can change, such as a foreign cookie.
  ///
  /// - Parameters:
  ///   - uuid: That it had.
  ///   - present: That it has now.
  /// - Returns: One label of it then, and on the same DIMM now; nil if only writing labels makes them the same.
  private func label(
    of uuid: DeviceUUID?, now present: DeviceUUID?
  ) -> (then: NamespaceLabel, now: NamespaceLabel?)? {
    guard let uuid else { return nil }
    var pair: (NamespaceLabel, NamespaceLabel?)?
    for area in areas {
      guard let then = area.thenLabels[uuid] else { continue }
      guard then.count == 1, let label = then.first else { return nil }
      let now = present.flatMap { area.nowLabels[$0]?.first }
      if let now {
        guard now.setCookie == label.setCookie, now.position == label.position,
          now.labelCount == label.labelCount, now.sectorSize == label.sectorSize
        else { return nil }
      }
      pair = (label, now)
    }
    return pair
  }

  private func changing(_ present: Namespace, to saved: NamespaceState, _ regions: inout [Region]) -> [Plan
    .Entry]?
  {
    guard let index = regions.firstIndex(where: { $0.id == present.regionID }), regions[index].isLabeled,
      let labels = label(of: saved.uuid, now: present.labelUUID), let now = labels.now,
      let wanted = saved.offset,
      let start = present.resource, let base = regions[index].resource, start >= base
    else { return nil }
    var entries: [Plan.Entry] = []
    let extent = NamespaceExtent(offset: start - base, size: present.rawSize.rawValue)
    if extent.size != saved.size {
      let after =
        saved.size < extent.size
        ? NamespaceExtent(offset: extent.offset, size: saved.size)
        : extent.grown(to: saved.size, holes: regions[index].freeExtents ?? [])
      guard after?.offset == wanted else { return nil }
      entries.append(
        Plan.Entry(
          .resize(namespace: present.dev, size: ByteCount(saved.size)),
          "resize \(present.title) to \(ByteCount(saved.size))"))
      if let own = regions[index].namespaces.firstIndex(where: { $0.id == present.id }) {
        regions[index].namespaces[own].rawSize = ByteCount(saved.size)
        regions[index].namespaces[own].resource = base + wanted
      }
    } else {
      guard extent.offset == wanted else { return nil }
    }
    if let uuid = saved.uuid, uuid != present.labelUUID {
      entries.append(
        Plan.Entry(
          .identify(namespace: present.dev, uuid: uuid), "restore the UUID \(uuid) of \(present.title)"))
    }
    if labels.then.name != now.name {
      entries.append(
        Plan.Entry(
          .rename(namespace: present.dev, name: labels.then.name),
          "rename \(present.title) to \"\(labels.then.name)\""))
    }
    if labels.then.claimClass != now.claimClass || labels.then.flags != now.flags || entries.isEmpty {
      guard let mode = mode(labels.then, saved) else { return nil }
      entries.append(Plan.Entry(.setMode(namespace: present.dev, mode), "mark \(present.title) as \(mode)"))
    }
    return entries
  }

  private func allocating(_ saved: NamespaceState, _ regions: inout [Region]) -> [Plan.Entry]? {
    guard let uuid = saved.uuid,
      let old = restoration.target.regions.first(where: { $0.dev == saved.region }),
      let found = restoration.find(old), let index = regions.firstIndex(where: { $0.id == found.id }),
      regions[index].isEnabled, regions[index].isLabeled, let labels = label(of: uuid, now: uuid),
      labels.now == nil,
      let wanted = saved.offset, let base = regions[index].resource,
      let seed = regions[index].nextNamespace, seed.uuid?.isNull ?? true,
      regions[index].freeExtents?.first(where: { $0.length >= saved.size })?.offset == wanted
    else { return nil }
    // Another device would be the seed after this one: one allocation at a time can be foreseen.
    regions[index].namespaces.removeAll { $0.id == seed.id }
    regions[index].namespaceSeed = nil
    var taken = seed
    taken.rawSize = ByteCount(saved.size)
    taken.resource = base + wanted
    regions[index].namespaces.append(taken)
    let sectorSize = [512, 4096].contains(labels.then.sectorSize) ? labels.then.sectorSize : nil
    var entries = [
      Plan.Entry(
        .allocate(
          Allocation(
            namespace: seed.dev, uuid: uuid, name: labels.then.name, size: ByteCount(saved.size),
            sectorSize: sectorSize)),
        "allocate \(ByteCount(saved.size)) for \(saved.title)")
    ]
    if let mode = mode(labels.then, saved), mode != .raw {
      entries.append(Plan.Entry(.setMode(namespace: seed.dev, mode), "mark \(saved.title) as \(mode)"))
    }
    return entries
  }

  /// Labels of version 1.1 have no mode: there it only has the kernel write them.
  private func mode(_ label: NamespaceLabel, _ saved: NamespaceState) -> NamespaceMode? {
    switch label.claimClass {
    case .pfn: .fsdax
    case .dax: .devdax
    case .btt, .btt2: .sector
    case .some(.none): .raw
    case nil: nil
    }
  }

  // MARK: By writing labels

  private func writing() throws(DeviceError) -> [Plan.Entry] {
    var written: [Plan.Entry] = []
    var dimms: [DIMM] = []
    for area in areas {
      let bytes = composed(area)
      guard bytes != area.now else { continue }
      dimms.append(area.dimm)
      written.append(
        Plan.Entry(
          .writeLabels(dimm: area.dimm.dev, bytes: bytes),
          "write the labels of \(area.dimm.dev) as they were"))
    }
    let regions = restoration.inventory.regions(on: dimms)
    var entries = regions.filter(\.isEnabled).flatMap(RegionStatePlanner.disabling) + written
    entries += regions.filter(restoration.shouldBeEnabled).map {
      Plan.Entry(.enableRegion($0.dev), "enable \($0.dev)")
    }
    // A region enables all that is on it, or tries to: the others are to be as they were.
    let others = regions.filter(\.isEnabled).filter(restoration.shouldBeEnabled)
      .flatMap(\.configuredNamespaces).filter { namespace in
        !(namespace.labelUUID.map(changed.contains) ?? false)
      }
    entries += others.map { namespace in
      let name = namespace.labelUUID?.description ?? namespace.dev
      return namespace.isEnabled
        ? Plan.Entry(.enable(namespace: name), "enable \(namespace.title)")
        : Plan.Entry(.disable(namespace: name), "disable \(namespace.title)")
    }
    for saved in restoration.target.namespaces {
      guard let uuid = saved.uuid, changed.contains(uuid), isEnabledAfter(saved) else { continue }
      entries += try restoration.restoring(saved, change: .written)
    }
    return entries
  }

  /// Whether its region, and with it the namespace, is there after the labels were written.
  private func isEnabledAfter(_ saved: NamespaceState) -> Bool {
    guard let region = restoration.target.regions.first(where: { $0.dev == saved.region }),
      let found = restoration.find(region)
    else { return false }
    return restoration.shouldBeEnabled(found)
  }

  /// An area as it was, but for labels that the change did not touch.
  private func composed(_ area: Area) -> [UInt8] {
    let touched = restoration.scope.uuids.union(restoration.removing)
    let isAllOurs = area.nowLabels.keys.allSatisfy(touched.contains)
    if restoration.scope.areas.contains(area.saved.dev), isAllOurs { return area.then }
    var edit: [DeviceUUID: [NamespaceLabel]] = [:]
    for uuid in touched {
      edit[uuid] = restoration.removing.contains(uuid) ? [] : Array(area.thenLabels[uuid] ?? [])
    }
    // No index block is left to write others beside.
    return LabelEdit(edit).applied(to: area.now) ?? area.then
  }
}

extension LabelStore {
  /// The labels that count, by namespace, without the slots that they are in.
  var labelSets: [DeviceUUID: Set<NamespaceLabel>] {
    Dictionary(grouping: normalizedLabels(withMode: true), by: \.uuid).mapValues { Set($0) }
  }
}
