import PmemDevice

extension LabelStore {
  /// Whole labels in the slots of an area without any index block.
  public struct Unindexed: Hashable, Sendable {
    public let layout: LabelLayout
    /// One for each UUID, in the order of slots: the one that was not being updated, else the last.
    public let labels: [NamespaceLabel]
  }

  static func unindexed(_ area: [UInt8]) -> Unindexed? {
    remnants(area).max { $0.labels.count < $1.labels.count }
  }

  /// Whole labels in the slots of an area, as each version would have them, whatever index blocks say.
  ///
  /// - Parameter area: All of it.
  /// - Returns: One for each version of which there are any. Those of version 1.1 have no checksum: some may be of chance.
  public static func remnants(_ area: [UInt8]) -> [Unindexed] {
    LabelVersion.allCases.compactMap { version -> Unindexed? in
      guard let layout = LabelLayout(areaSize: area.count, version: version) else { return nil }
      var chosen: [DeviceUUID: NamespaceLabel] = [:]
      for slot in 0..<layout.slotCount {
        let bytes = Array(area.dropFirst(layout.offset(ofSlot: slot)).prefix(version.labelSize))
        // Labels of version 1.1 have no checksum: only what could be one counts.
        guard let label = try? NamespaceLabel(bytes, slot: slot, version: version), !label.uuid.isNull,
          label.rawSize > 0, label.labelCount > 0, label.position < label.labelCount, label.setCookie != 0
        else { continue }
        let isOlder = chosen[label.uuid].map { $0.flags & NamespaceLabel.updating == 0 } ?? false
        if !isOlder || label.flags & NamespaceLabel.updating == 0 { chosen[label.uuid] = label }
      }
      guard !chosen.isEmpty else { return nil }
      return Unindexed(layout: layout, labels: chosen.values.sorted { $0.slot < $1.slot })
    }
  }
}
