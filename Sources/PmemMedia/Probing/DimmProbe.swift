public import PmemDevice

/// A label area as the kernel's DIMM driver takes it (dimm.c:nvdimm_probe).
public struct DimmProbe: Hashable, Sendable {
  /// The index block in force (label.c:nd_label_validate); nil: the DIMM has no labels.
  public let index: LabelIndex?
  /// The labels that count, in the order of their slots (label.c:nd_label_active).
  public let labels: [NamespaceLabel]
  /// Why the driver does not bind to the DIMM; nil if it does.
  public let conflict: Conflict?
  /// Why the driver does not bind, in words: the conflict, or an index block that leads beyond the area.
  public let refusal: String?

  /// A label whose extent the driver cannot reserve: the probe fails with EBUSY (label.c:nd_label_reserve_dpa).
  public struct Conflict: Hashable, Sendable {
    public let label: NamespaceLabel
    /// The label that has a part of its extent; nil if the extent is empty or ends beyond 2^64.
    public let other: NamespaceLabel?

    /// The reason, in words.
    public var text: String {
      guard let other else {
        return "the label in slot \(label.slot) has an extent of \(label.rawSize) bytes at \(label.dpa)"
      }
      return "the labels in slots \(other.slot) and \(label.slot) overlap on the DIMM"
    }
  }

  /// Reads an area; total whatever it holds.
  ///
  /// - Parameters:
  ///   - area: The whole label area.
  ///   - newest: The newest label format that the kernel reads.
  ///   - isBounded: As `KernelRules.boundsMediaNumbers`.
  public init(_ area: [UInt8], newest: LabelVersion = .v12, isBounded: Bool = true) {
    let store = LabelStore(area, isBounded: isBounded)
    guard let index = store.index, newest == .v12 || index.layout.version == .v11 else {
      (self.index, labels, conflict, refusal) = (nil, [], nil, nil)
      return
    }
    guard !index.isBeyondArea else {
      (self.index, labels, conflict) = (nil, [], nil)
      refusal = "an index block names more slots than there are, and the kernel reads beyond the label area"
      return
    }
    self.index = index
    labels = store.active.sorted { $0.slot < $1.slot }
    conflict = Self.conflict(labels)
    refusal = conflict.map { "\($0.text), the driver cannot reserve them (EBUSY)" }
  }

  /// The first label that cannot be reserved beside those in the slots before it.
  public static func conflict(_ labels: [NamespaceLabel]) -> Conflict? {
    var reserved: [(first: UInt64, last: UInt64, label: NamespaceLabel)] = []
    for label in labels {
      // kernel/resource.c:__request_region, whose ends are inclusive.
      let last = label.dpa &+ label.rawSize &- 1
      guard last >= label.dpa else { return Conflict(label: label, other: nil) }
      if let other = reserved.first(where: { $0.first <= last && label.dpa <= $0.last }) {
        return Conflict(label: label, other: other.label)
      }
      reserved.append((label.dpa, last, label))
    }
    return nil
  }
}
