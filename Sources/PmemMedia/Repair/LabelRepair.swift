public import PmemDevice

/// A damaged label area made good from what is known for certain, or nothing: each fix has its evidence, and what would be a
/// guess is named and left alone.
public struct LabelRepair: Hashable, Sendable {
  /// The set that the DIMM is in.
  public struct Context: Hashable, Sendable {
    /// How many DIMMs there are, and which one this is.
    public var count: Int
    /// From 0 to ``count`` - 1.
    public var position: Int
    /// The interleave-set cookie; nil if it is not known.
    public var cookie: UInt64?
    /// The region's part of the DIMM.
    public var extent: Extent
    /// Label areas of the other DIMMs.
    public var mates: [[UInt8]]
    /// The type of the region's memory: ``NamespaceLabel/persistentMemory`` or ``NamespaceLabel/cxlMemory``.
    public var type = NamespaceLabel.persistentMemory
    /// Offsets on the DIMM of info blocks that name a label as their parent; empty if they were not searched for.
    public var infoBlocks: [DeviceUUID: Set<UInt64>] = [:]

    public init(count: Int, position: Int, cookie: UInt64?, extent: Extent, mates: [[UInt8]]) {
      self.count = count
      self.position = position
      self.cookie = cookie
      self.extent = extent
      self.mates = mates
    }
  }

  /// The repaired area; as it was if nothing can be done.
  public private(set) var area: [UInt8]
  /// The repairs, with the evidence.
  public private(set) var fixes: [String] = []
  /// Problems that could not be repaired.
  public private(set) var unresolved: [String] = []

  private let context: Context

  /// Repairs.
  ///
  /// - Parameters:
  ///   - area: As it is.
  ///   - context: The DIMM's range in the region.
  public init(_ area: [UInt8], in context: Context) {
    self.area = area
    self.context = context
    repairIndex()
    let store = LabelStore(self.area)
    guard let layout = store.layout else { return }
    for slot in store.slots where slot.state == .damaged { repair(slot, store, layout) }
    for slot in LabelStore(self.area).slots where slot.state == .active {
      if let label = slot.label { correct(label, slot.number, store, layout) }
    }
    separate(layout)
  }

  // MARK: Index blocks

  private mutating func repairIndex() {
    let store = LabelStore(area)
    if let index = store.index, let layout = store.layout {
      let damaged = store.copies.indices.filter {
        if case .damaged = store.copies[$0] { true } else { false }
      }
      for copy in damaged {
        // Its predecessor: the valid one stays in force.
        var older = LabelIndex(
          layout: layout, copy: copy, sequence: LabelIndex.next(LabelIndex.next(index.sequence)))
        older.free = index.free
        put(older.encoded, at: copy * layout.indexSize)
        fixes.append("index block \(copy): rewritten from the other")
      }
      return
    }
    guard let found = store.unindexed else { return }
    if let conflict = DimmProbe.conflict(found.labels) {
      unresolved.append("the labels that are left are of several times: \(conflict.text)")
      return
    }
    var free = [Bool](repeating: true, count: found.layout.slotCount)
    for label in found.labels { free[Int(label.slot)] = false }
    for copy in 0...1 {
      var index = LabelIndex(layout: found.layout, copy: copy, sequence: UInt32(3 - copy))
      index.free = free
      put(index.encoded, at: copy * found.layout.indexSize)
    }
    fixes.append(
      "index blocks: made of the \(counted(found.labels.count, "whole label")) in the slots; a namespace that was destroyed "
        + "may be among them")
  }

  // MARK: One label

  private mutating func repair(_ slot: LabelStore.Slot, _ store: LabelStore, _ layout: LabelLayout) {
    let bytes = self.bytes(slot.number, layout)
    if layout.version == .v12,
      let label = NamespaceLabel.repaired(
        bytes, slot: slot.number, cookie: context.cookie, type: context.type),
      fits(label, store)
    {
      put(label.encoded(version: .v12), at: layout.offset(ofSlot: slot.number))
      fixes.append(
        "slot \(slot.number) (\(Self.name(label))): one word was damaged, the checksum proves its old value")
      return
    }
    guard let claimed = slot.unverified else {
      unresolved.append("slot \(slot.number): the label cannot be read")
      return
    }
    if let twin = twin(of: claimed, bytes, store, layout) {
      write(twin, to: slot.number, layout)
      fixes.append(
        "slot \(slot.number): rewritten from the copy that its last update left in slot \(twin.slot)")
    } else if let mate = mate(of: claimed.uuid) {
      write(mate, to: slot.number, layout)
      fixes.append("slot \(slot.number): rewritten from another DIMM of the set")
    } else {
      unresolved.append(
        "slot \(slot.number): the checksum of \(Self.name(claimed)) is wrong, and there is no other copy")
    }
  }

  /// Whether a label lies on the region's part of the DIMM, beside all others.
  private func fits(_ label: NamespaceLabel, _ store: LabelStore) -> Bool {
    let (end, overflow) = label.dpa.addingReportingOverflow(label.rawSize)
    let (limit, wraps) = context.extent.offset.addingReportingOverflow(context.extent.length)
    return !overflow && label.dpa >= context.extent.offset && (wraps || end <= limit)
      && !store.active.contains { $0.uuid == label.uuid || $0.overlaps(label) }
  }

  /// The label that an update left: the kernel writes each twice, marked as being updated first
  /// (label.c:nd_pmem_namespace_label_update).
  private func twin(
    of label: NamespaceLabel, _ bytes: [UInt8]?, _ store: LabelStore, _ layout: LabelLayout
  ) -> NamespaceLabel? {
    let stale = store.slots.filter { $0.state == .stale }.compactMap(\.label)
    let twins = stale.filter { $0.uuid == label.uuid && $0.flags & NamespaceLabel.updating != 0 }
    guard let bytes else { return twins.count == 1 ? twins[0] : nil }
    // Flags, slot and checksum differ; beside them a few bytes of damage.
    let near = twins.filter { twin in
      let encoded = twin.encoded(version: layout.version)
      let differing = zip(encoded, bytes).enumerated().count { offset, pair in
        pair.0 != pair.1 && !(80..<84).contains(offset) && !(120..<124).contains(offset) && offset < 248
      }
      return differing <= 8
    }
    return Set(near.map(Self.normalized)).count == 1 ? near[0] : nil
  }

  private func mate(of uuid: DeviceUUID) -> NamespaceLabel? {
    let labels = context.mates.flatMap { LabelStore($0).active }.filter { $0.uuid == uuid }
    guard labels.count == context.mates.count, let model = labels.first, model.setCookie == context.cookie,
      labels.allSatisfy({ $0.dpa == model.dpa && $0.rawSize == model.rawSize })
    else { return nil }
    return model
  }

  // MARK: Fields that follow from the set

  private mutating func correct(
    _ label: NamespaceLabel, _ slot: Int, _ store: LabelStore, _ layout: LabelLayout
  ) {
    var label = label
    var done: [String] = []
    if label.setCookie == context.cookie {
      if Int(label.labelCount) != context.count {
        label.labelCount = UInt16(clamping: context.count)
        done.append("it is one of \(context.count), as the set cookie proves")
      }
      if Int(label.position) != context.position, context.count == 1 {
        label.position = 0
        done.append("it is at position 0, the only one")
      }
      if !label.isOf(type: context.type) {
        label.typeGUID = context.type
        done.append("its type is that of the DIMM's memory")
      }
    }
    if ![0, 512, 4096].contains(label.sectorSize) {
      label.sectorSize = 512
      done.append("sectors of 512 bytes, which the kernel uses")
    }
    guard !done.isEmpty else { return }
    write(label, to: slot, layout)
    fixes.append("slot \(slot) (\(Self.name(label))): \(done.joined(separator: "; "))")
  }

  // MARK: Overlaps

  /// Of two labels that overlap, the one whose last update has another extent is wrong.
  private mutating func separate(_ layout: LabelLayout) {
    let store = LabelStore(area)
    let labels = store.active.sorted { $0.slot < $1.slot }
    guard let conflict = DimmProbe.conflict(labels) else { return }
    let pair = [conflict.other, conflict.label].compactMap { $0 }
    let wrong = pair.compactMap { label in moved(label, store, layout).map { (label, $0) } }
    guard wrong.count == 1, let (label, right) = wrong.first else {
      unresolved.append("\(conflict.text): there is no evidence which is right")
      return
    }
    let before = area
    write(right.label, to: Int(label.slot), layout)
    guard DimmProbe.conflict(LabelStore(area).active.sorted { $0.slot < $1.slot }) == nil else {
      area = before
      unresolved.append("\(conflict.text), and so would what is known of them otherwise")
      return
    }
    fixes.append(
      "slot \(label.slot) (\(Self.name(label))): \(right.label.rawSize) bytes at \(right.label.dpa), as \(right.evidence); "
        + "it overlapped another label")
  }

  /// The extent that a label should have, if there is evidence that its own is wrong.
  private func moved(
    _ label: NamespaceLabel, _ store: LabelStore, _ layout: LabelLayout
  ) -> (label: NamespaceLabel, evidence: String)? {
    if let twin = twin(of: label, nil, store, layout), twin.dpa != label.dpa || twin.rawSize != label.rawSize
    {
      return (twin, "its last update in slot \(twin.slot) says")
    }
    guard let offsets = context.infoBlocks[label.uuid], offsets.count == 1, let dpa = offsets.first,
      dpa != label.dpa
    else { return nil }
    var label = label
    label.dpa = dpa
    return (label, "its info block, which is there, proves")
  }

  // MARK: Bytes

  private func bytes(_ slot: Int, _ layout: LabelLayout) -> [UInt8] {
    Array(area.dropFirst(layout.offset(ofSlot: slot)).prefix(layout.version.labelSize))
  }

  private mutating func write(_ label: NamespaceLabel, to slot: Int, _ layout: LabelLayout) {
    var label = Self.normalized(label)
    label.slot = UInt32(slot)
    if !context.mates.isEmpty { label.position = UInt16(clamping: context.position) }
    put(label.encoded(version: layout.version), at: layout.offset(ofSlot: slot))
  }

  private static func normalized(_ label: NamespaceLabel) -> NamespaceLabel {
    var label = label
    label.slot = 0
    label.flags &= ~NamespaceLabel.updating
    return label
  }

  private mutating func put(_ bytes: [UInt8], at offset: Int) {
    area.replaceSubrange(offset..<offset + bytes.count, with: bytes)
  }

  private static func name(_ label: NamespaceLabel) -> String {
    label.name.isEmpty ? "\(label.uuid)" : "\"\(label.name)\""
  }
}
