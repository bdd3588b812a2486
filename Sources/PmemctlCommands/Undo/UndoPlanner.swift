import PmemDevice
import PmemMedia

/// Plans to undo a change: to restore what it touched, and nothing else.
struct UndoPlanner {
  let record: UndoRecord
  /// All of the journal, for naming what came after.
  let others: [UndoRecord]
  let inventory: Inventory
  let backend: any CommandContext.Backend
  let contents: any ContentInspector
  let accepted: AcceptedDangers

  /// A plan, and what verifies that it did what it was for.
  struct Undo {
    let plan: Plan
    let restorer: Restorer
  }

  /// - Parameter force: Also removes namespaces made since that are in the way, if no process uses them.
  /// - Returns: The plan; without steps if all is as it was.
  /// - Throws: ``DeviceError/Code/notFound`` if a DIMM is missing, and ``DeviceError/Code/refused`` if the changed
  ///   devices were changed again, the space is taken, one is in use, or content would be lost.
  func undo(force: Bool) throws(DeviceError) -> Undo {
    try refuseOrder()
    let isFinished = record.state != .begun
    var restoration = Restoration(
      target: record.before, scope: record.scope, inventory: inventory, backend: backend)
    restoration.restoresStates = !isFinished
    if isFinished || record.undoes == nil { try refuseChangedSince() }
    let removed = try teardownGuard(force: force)
    restoration.removing = Set(removed.compactMap(\.uuid))
    let entries = Self.detachingFirst(try restoration.steps())
    var plan = Plan(
      title: "undo change \(record.id) (\(record.title))", entries: entries, isDestructive: true)
    if !entries.isEmpty { try guardAgainstLoss(&plan, removed.map(\.namespace)) }
    return Undo(
      plan: plan,
      restorer: Restorer(
        target: record.before, scope: record.scope, backend: backend, restoresStates: !isFinished,
        removing: restoration.removing))
  }

  /// Namespaces that are overwritten are disabled first: their content is saved before.
  private static func detachingFirst(_ entries: [Plan.Entry]) -> [Plan.Entry] {
    let enabling =
      entries.firstIndex { if case .enableRegion = $0.step { true } else { false } } ?? entries.endIndex
    let early = entries.indices.filter { index in
      switch entries[index].step {
      case .disable(let name), .release(let name): index < enabling && DeviceUUID(name) == nil
      default: false
      }
    }
    return early.map { entries[$0] } + entries.indices.filter { !early.contains($0) }.map { entries[$0] }
  }

  // MARK: Later changes

  /// Unfinished changes of the same media are reverted the latest first.
  private func refuseOrder() throws(DeviceError) {
    let later = others.first { $0.id > record.id && $0.state == .begun && $0.overlaps(record) }
    guard let later else { return }
    throw DeviceError(
      .refused,
      "refused to undo change \(record.id): change \(later.id) (\(later.title)) came after it and is unfinished",
      details: ["nothing was changed"], try: ["pmemctl undo run \(later.id)"])
  }

  private func refuseChangedSince() throws(DeviceError) {
    var again: [String] = []
    var later: UndoRecord?
    let histories = try histories()
    for uuid in record.scope.uuids.sorted(by: { $0.description < $1.description }) {
      guard isChangedSince(uuid, histories) else { continue }
      let since = latest(touching: uuid)
      again.append(
        "\(title(uuid)) was changed again\(since.map { ", by change \($0.id) (\($0.title))" } ?? "")")
      later = later ?? since
    }
    for saved in record.after?.namespaces ?? [] where saved.uuid == nil {
      guard let present = saved.find(in: inventory), isChangedSince(present, saved) else { continue }
      let since = latest(touching: saved.dev)
      again.append(
        "\(present.title) was changed again\(since.map { ", by change \($0.id) (\($0.title))" } ?? "")")
      later = later ?? since
    }
    guard !again.isEmpty else { return }
    throw DeviceError(
      .refused, "refused to undo change \(record.id): \(again[0])",
      details: again.dropFirst() + ["nothing was changed"],
      try: later.map { ["pmemctl undo run \($0.id)"] } ?? [])
  }

  private func latest(touching uuid: DeviceUUID) -> UndoRecord? {
    latest { $0.scope.uuids.contains(uuid) }
  }

  private func latest(touching name: String) -> UndoRecord? {
    latest { $0.scope.namespaces.contains(name) }
  }

  /// The latest change after this one that stands. An undo of such a change does not count.
  private func latest(where touches: (UndoRecord) -> Bool) -> UndoRecord? {
    others.filter { other in
      other.id > record.id && other.state == .done && touches(other)
        && other.undoes.map { $0 <= record.id } ?? true
    }.max { $0.id < $1.id }
  }

  private func title(_ uuid: DeviceUUID) -> String {
    let present = inventory.namespaces.first { $0.labelUUID == uuid }
    return present?.title ?? record.before.namespaces.first { $0.uuid == uuid }?.title ?? "namespace \(uuid)"
  }

  /// The labels of a DIMM before the change, as it left them, and now.
  private struct LabelHistory {
    typealias Labels = [DeviceUUID: Set<NamespaceLabel>]

    let before: Labels
    let after: Labels
    let now: Labels
  }

  private func histories() throws(DeviceError) -> [LabelHistory] {
    var histories: [LabelHistory] = []
    for left in record.after?.dimms ?? [] {
      guard let bytes = left.labels, let dimm = left.find(in: inventory) else { continue }
      let before = record.before.dimms.first { $0.dev == left.dev }?.labels
      histories.append(
        LabelHistory(
          before: before.map { LabelStore($0).labelSets } ?? [:], after: LabelStore(bytes).labelSets,
          now: LabelStore(try backend.readLabels(dimm: dimm.dev)).labelSets))
    }
    return histories
  }

  /// Whether a namespace is neither as the change left it nor as it was before.
  private func isChangedSince(_ uuid: DeviceUUID, _ histories: [LabelHistory]) -> Bool {
    guard let after = record.after else {
      // For an incomplete change only a later one is evidence.
      return record.state == .begun && latest(touching: uuid) != nil
    }
    // As it was before is no harm, as after an undo that was cut; a later change that gave that again is one to undo first.
    let isAsBefore = latest(touching: uuid) == nil
    for labels in histories {
      let now = labels.now[uuid]
      guard now == labels.after[uuid] || isAsBefore && now == labels.before[uuid] else { return true }
    }
    guard let left = after.namespaces.first(where: { $0.uuid == uuid }),
      let present = left.find(in: inventory)
    else { return false }
    let before = record.before.namespaces.first { $0.uuid == uuid }
    return isOther(present, left) && before.map { isOther(present, $0) } ?? true
  }

  /// Whether a namespace has another info block than it had, as far as that is known of both.
  private func isOther(_ present: Namespace, _ saved: NamespaceState) -> Bool {
    if present.isEnabled, saved.isEnabled, present.mode != saved.mode { return true }
    guard let then = saved.infoBlock, let now = infoBlock(of: present) else { return false }
    return then != now
  }

  /// The UUID of its info block, nil in it if there is none; nil if that cannot be read.
  private func infoBlock(of namespace: Namespace) -> DeviceUUID?? {
    guard !namespace.isEnabled else { return .some(namespace.holder == nil ? nil : namespace.uuid) }
    let probed = ProbedNamespace(namespace, on: backend)
    guard probed.trouble == nil else { return nil }
    return .some(probed.namespace.mode == .raw ? nil : probed.namespace.uuid)
  }

  /// Whether a label-less namespace is not as the change left it. As it was before is no harm, as after an undo that was
  /// cut; a later change that gave that again is one to undo first.
  private func isChangedSince(_ present: Namespace, _ left: NamespaceState) -> Bool {
    let isUnderAnother = latest(touching: left.dev) != nil
    guard isOther(present, left) else { return isUnderAnother && present.isEnabled != left.isEnabled }
    let before = record.before.namespaces.first { $0.uuid == nil && $0.dev == left.dev }
    return isUnderAnother || before.map { isOther(present, $0) } ?? true
  }

  // MARK: Obstacles

  private func teardownGuard(
    force: Bool
  ) throws(DeviceError) -> [(uuid: DeviceUUID?, namespace: Namespace)] {
    var found: [DeviceUUID: String] = [:]
    for saved in record.before.dimms {
      guard let bytes = saved.labels, let dimm = saved.find(in: inventory) else { continue }
      let (then, now) = (LabelStore(bytes), LabelStore(try backend.readLabels(dimm: dimm.dev)))
      let others = now.active.filter { !record.scope.uuids.contains($0.uuid) }
      let isOtherFormat =
        record.scope.areas.contains(saved.dev) && then.layout?.version != now.layout?.version
      for other in others {
        if isOtherFormat { found[other.uuid] = "was created since, with labels of another format" }
        let taken = then.active.contains { label in
          record.scope.uuids.contains(label.uuid) && label.overlaps(other)
        }
        if taken { found[other.uuid] = "takes its space" }
      }
    }
    guard let first = found.min(by: { $0.key.description < $1.key.description }) else { return [] }
    guard force else {
      throw DeviceError(
        .refused, "refused to undo change \(record.id): \(title(first.key)) \(first.value)",
        details: found.keys.filter { $0 != first.key }.map { "\(title($0)) \(found[$0] ?? "")" }.sorted()
          + ["--force destroys it if it is unused; nothing was changed"], errno: 16)
    }
    return found.keys.sorted { $0.description < $1.description }.compactMap { uuid in
      inventory.namespaces.first { $0.labelUUID == uuid }.map { (uuid, $0) }
    }
  }

  // MARK: Users and content

  private func guardAgainstLoss(_ plan: inout Plan, _ removed: [Namespace]) throws(DeviceError) {
    let targets = Set(plan.entries.map(\.step.target))
    var lost = removed
    var changed: [Namespace] = []
    var kept = Restorer.neighbours(plan.entries, record.scope, inventory)
    for namespace in inventory.regions.flatMap(\.configuredNamespaces) where !removed.contains(namespace) {
      let isNamed =
        targets.contains(namespace.dev)
        || namespace.labelUUID.map { targets.contains($0.description) } ?? false
      guard record.scope.contains(namespace), isNamed else { continue }
      if losesContent(namespace) {
        lost.append(namespace)
      } else if overwrites(namespace) {
        changed.append(namespace)
      } else {
        kept.append(namespace)
      }
    }
    let verb = "undo change \(record.id), which would overwrite"
    let loss = try NamespaceStatePlanner(
      inventory, inspector: backend, contents: KnownContents(contents), accepting: accepted
    ).refuseLoss(lost, verb: verb)
    let harm = try NamespaceStatePlanner(
      inventory, inspector: backend, contents: nil, accepting: accepted
    ).refuseLoss(kept + changed, verb: "undo change \(record.id), which would disable")
    plan.warnings += loss.warnings + harm.warnings
    plan.harmsUsers = loss.harmsUsers || harm.harmsUsers
    plan.saves = (lost + changed).flatMap(saves)
  }

  private func saved(_ present: Namespace) -> NamespaceState? {
    let uuid = present.labelUUID
    return record.before.namespaces.first { $0.uuid == nil ? $0.dev == present.dev : $0.uuid == uuid }
  }

  /// Whether more of a namespace is restored than its name and whether it is enabled.
  private func overwrites(_ present: Namespace) -> Bool {
    guard let saved = saved(present) else { return true }
    return !saved.pieces.isEmpty || saved.size != present.rawSize.rawValue
  }

  /// Whether the content of a namespace would be lost. Info blocks are restored below the data of fsdax and devdax,
  /// which stay at their offsets; data of a raw namespace, or in a BTT, are at the offsets of the info blocks and
  /// memory maps of other modes.
  private func losesContent(_ present: Namespace) -> Bool {
    guard let saved = saved(present), saved.size >= present.rawSize.rawValue else { return true }
    guard overwrites(present) else { return false }
    let mode = ProbedNamespace(present, on: backend).namespace.mode
    return mode == .raw || mode == .sector && saved.mode != .sector
  }

  /// The data for the undo of the undo: the present info blocks, also at the offsets of the old ones.
  private func saves(of present: Namespace) -> [SavedPart] {
    let head = PfnLayout.infoBlockReserve
    var offsets: Set<UInt64> = [0]
    let saved = saved(present)
    if let saved, saved.uuid != nil, let region = inventory.region(of: present), let base = region.resource,
      let start = present.resource,
      let offset = saved.offset, base + offset > start
    {
      offsets.insert(base + offset - start)
    }
    var saves = offsets.sorted().map {
      SavedPart.bytes(namespace: present.dev, Extent(offset: $0, length: head))
    }
    saves += (saved?.pieces ?? []).filter { $0.offset >= head }.map {
      .bytes(namespace: present.dev, Extent(offset: $0.offset, length: UInt64($0.bytes.count)))
    }
    return saves
  }
}

/// Content that can be recognised on the ranges that an undo overwrites. An unreadable range is named and stops
/// nothing: the undo of a repair brings back what was damaged, and no more.
private final class KnownContents: ContentInspector {
  private let contents: any ContentInspector

  init(_ contents: any ContentInspector) { self.contents = contents }

  func contents(of namespaces: [Namespace]) -> ContentReport {
    var report = contents.contents(of: namespaces)
    report.unpresented += report.unknown
    report.unknown = []
    return report
  }
}
