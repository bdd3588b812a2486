import PmemDevice
import PmemMedia

extension UndoRecord {
  /// What a plan is about to overwrite, not yet with a number.
  ///
  /// - Parameters:
  ///   - plan: Of the change.
  ///   - saved: What was read.
  ///   - inventory: That the plan was made from: what namespaces were then.
  ///   - time: Seconds since 1970.
  init(of plan: Plan, saved: SavedMedia, from inventory: Inventory, time: UInt64) {
    id = 0
    self.time = time
    title = plan.title
    state = .begun
    self.saved = saved
    let all = inventory.regions.flatMap(\.configuredNamespaces)
    namespaces = all.filter { saved.namespaces.contains($0.dev) }.map { namespace in
      var known = SavedNamespace(namespace, isLabeled: inventory.region(of: namespace)?.isLabeled ?? false)
      if !namespace.isEnabled { known.mode = Self.trueMode(known, saved) }
      return known
    }
    dimmIDs = [:]
    for dimm in inventory.dimms where saved.bytes[.labels(dimm: dimm.dev)] != nil {
      dimmIDs[dimm.dev] = dimm.id
    }
  }

  /// The mode of a disabled namespace: what its label says; nil where none was kept.
  private static func trueMode(_ namespace: SavedNamespace, _ saved: SavedMedia) -> NamespaceMode? {
    for case (.labels, let bytes) in saved.bytes {
      guard let label = LabelStore(bytes).active.first(where: { $0.uuid == namespace.uuid }) else { continue }
      switch label.claimClass {
      case .btt, .btt2: return .sector
      case .pfn: return .fsdax
      case .dax: return .devdax
      case .some(.none), nil: return .raw
      }
    }
    return nil
  }
}
