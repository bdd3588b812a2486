import PmemDevice
import PmemMedia

/// Plans the way back: labels first, where they tell of other namespaces now, then the info blocks.
struct UndoPlanner {
  let record: UndoRecord
  let inventory: Inventory
  let backend: any CommandContext.Backend
  let contents: any ContentInspector
  let accepted: AcceptedDangers

  /// - Parameter force: Also where namespaces made since would be gone, nobody using them.
  /// - Returns: The plan; without steps where all is as it was.
  /// - Throws: ``DeviceError/Code/notFound`` where a DIMM or a namespace is not there any more, and
  ///   ``DeviceError/Code/refused`` where somebody is in the way or something would be lost.
  func plan(force: Bool) throws(DeviceError) -> Plan {
    let areas = try labelAreas()
    let title = "undo change \(record.id) (\(record.title))"
    var plan: Plan
    if areas.isEmpty {
      plan = Plan(title: title, entries: [], isDestructive: true)
    } else {
      let planner = LabelPlanner(inventory, inspector: backend, contents: contents, accepting: accepted)
      plan = try planner.write(areas, verb: "restore", keeps: kept(areas), force: force)
      plan.title = title
    }
    try addHeads(to: &plan, afterLabels: !areas.isEmpty)
    return plan
  }

  // MARK: Labels

  /// The areas that tell of other namespaces than they did.
  private func labelAreas() throws(DeviceError) -> [(dimm: DIMM, bytes: [UInt8])] {
    var areas: [(dimm: DIMM, bytes: [UInt8])] = []
    for place in record.places {
      guard case .labels(let name) = place, let bytes = record.saved.bytes[place] else { continue }
      let id = record.dimmIDs[name]
      guard let dimm = inventory.dimms.first(where: { id == nil ? $0.dev == name : $0.id == id }) else {
        throw DeviceError(
          .notFound, "cannot undo change \(record.id): DIMM \(id ?? name) is not on this machine")
      }
      let now = LabelStore(try backend.readLabels(dimm: dimm.dev)).essence(withMode: false)
      if now != LabelStore(bytes).essence(withMode: false) { areas.append((dimm, bytes)) }
    }
    return areas
  }

  /// The namespaces that exist, and will.
  private func kept(_ areas: [(dimm: DIMM, bytes: [UInt8])]) -> [Namespace] {
    let then = Set(areas.flatMap { LabelStore($0.bytes).active.map(\.uuid) })
    return inventory.regions.flatMap(\.configuredNamespaces).filter { namespace in
      (namespace.rawUUID ?? namespace.uuid).map(then.contains) ?? false
    }
  }

  // MARK: Info blocks

  /// All are disabled before the first is written: what is overwritten is saved then, below the modes.
  private func addHeads(to plan: inout Plan, afterLabels: Bool) throws(DeviceError) {
    var writing: [Plan.Entry] = []
    for namespace in record.namespaces {
      let pieces = record.saved.pieces(of: namespace.dev)
      // Where labels are written it will be there, under whatever kernel name.
      let name = namespace.uuid?.description ?? namespace.dev
      let present = present(namespace)
      guard afterLabels && namespace.uuid != nil || present != nil else {
        throw DeviceError(
          .notFound, "cannot undo change \(record.id): \(namespace.dev) is not there any more")
      }
      let title = namespace.name.map { "\(namespace.dev) \"\($0)\"" } ?? namespace.dev
      if let present, !afterLabels {
        // Below a mode there are info blocks where something is put back, and no data.
        let isRaw = TrueNamespace(present, on: backend).namespace.mode == .raw
        let loss = try NamespaceStatePlanner(
          inventory, inspector: backend, contents: isRaw ? contents : nil, accepting: accepted
        ).refuseLoss([present], verb: "restore")
        plan.warnings += loss.warnings
        plan.hurts = plan.hurts || loss.hurts
        plan.saves += pieces.map { offset, bytes in
          .bytes(namespace: present.dev, Extent(offset: offset, length: UInt64(bytes.count)))
        }
        plan.entries += NamespaceStatePlanner.detaching(present)
      } else {
        plan.entries.append(Plan.Entry(.disable(namespace: name), "disable \(title)"))
      }
      writing += pieces.map { offset, bytes in
        Plan.Entry(
          .write(namespace: name, bytes: bytes, offset: offset),
          offset == 0
            ? "put the first \(bytes.count) bytes of \(title) back"
            : "put \(bytes.count) bytes at \(offset) of \(title) back",
          loses: "what is there now")
      }
      if !afterLabels, let mode = namespace.mode {
        writing.append(
          Plan.Entry(.setMode(namespace: name, mode), "note that \(title) is \(mode)"))
      }
      guard namespace.isEnabled else { continue }
      writing.append(
        Plan.Entry(.enable(namespace: name), "enable \(title)", undo: [.disable(namespace: name)]))
    }
    plan.entries += writing
  }

  private func present(_ saved: UndoRecord.SavedNamespace) -> Namespace? {
    inventory.regions.flatMap(\.configuredNamespaces).first { namespace in
      guard let uuid = saved.uuid else {
        return namespace.dev == saved.dev && namespace.rawSize.rawValue == saved.size
      }
      return (namespace.rawUUID ?? namespace.uuid) == uuid
    }
  }
}
