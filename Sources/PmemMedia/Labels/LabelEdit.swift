public import PmemDevice

extension NamespaceLabel {
  /// Whether two labels of one DIMM claim a byte in common.
  public func overlaps(_ other: NamespaceLabel) -> Bool {
    guard rawSize > 0, other.rawSize > 0 else { return false }
    return dpa < other.dpa &+ other.rawSize && other.dpa < dpa &+ rawSize
  }
}

/// Replaces the labels of some namespaces in a label area; all other labels stay in their slots.
public struct LabelEdit: Hashable, Sendable {
  /// The labels that each namespace is to have; empty for none.
  public var labels: [DeviceUUID: [NamespaceLabel]]

  public init(_ labels: [DeviceUUID: [NamespaceLabel]]) { self.labels = labels }

  /// The area after the edit, changed as the kernel changes it (label.c:__pmem_label_update): new labels go to free
  /// slots, and an index block with the next sequence number overwrites the inactive one. If slots are written first,
  /// an interruption leaves the old labels in force.
  ///
  /// - Parameters:
  ///   - area: As it is.
  ///   - last: Whether labels go to the last free slots instead of the first, where what is left of older labels is.
  /// - Returns: The new area; the same if nothing changed. nil if there is no valid index block, or no slot for a
  ///   label.
  public func applied(to area: [UInt8], last: Bool = false) -> [UInt8]? {
    let store = LabelStore(area)
    guard let index = store.index, let layout = store.layout else { return nil }
    var free = index.free
    var unwritten: [NamespaceLabel] = []
    for (uuid, wanted) in labels.sorted(by: { $0.key.description < $1.key.description }) {
      var missing = wanted.map(Self.normalized)
      for slot in store.slots where slot.state == .active && slot.label?.uuid == uuid {
        guard let label = slot.label else { continue }
        if let found = missing.firstIndex(of: Self.normalized(label)) {
          missing.remove(at: found)
        } else {
          free[slot.number] = true
        }
      }
      unwritten += missing
    }
    guard free != index.free || !unwritten.isEmpty else { return area }
    var edited = area
    for var label in unwritten {
      // A slot that was free before: the labels of the index in force stay whole.
      let unused = free.indices.filter { free[$0] && index.free[$0] }
      guard let slot = (last ? unused.last : unused.first) ?? free.firstIndex(of: true) else { return nil }
      free[slot] = false
      label.slot = UInt32(slot)
      Self.put(label.encoded(version: layout.version), in: &edited, at: layout.offset(ofSlot: slot))
    }
    var next = LabelIndex(layout: layout, copy: 1 - index.copy, sequence: LabelIndex.next(index.sequence))
    next.free = free
    Self.put(next.encoded, in: &edited, at: next.copy * layout.indexSize)
    return edited
  }

  private static func normalized(_ label: NamespaceLabel) -> NamespaceLabel {
    var label = label
    label.slot = 0
    return label
  }

  private static func put(_ bytes: [UInt8], in area: inout [UInt8], at offset: Int) {
    area.replaceSubrange(offset..<offset + bytes.count, with: bytes)
  }
}
