import PmemModel
import PmemDevice
import PmemMedia

/// The label area of one DIMM as the kernel's driver holds it: the index in force, the one to write next, and
/// the labels (drivers/nvdimm/label.c).
struct SimLabels {
  let dimm: Int
  private let media: SimMedia
  private let areaSize: Int
  /// nil: no valid index block, nothing can be allocated until there is one.
  private(set) var index: LabelIndex?
  private(set) var labels: [Int: NamespaceLabel] = [:]
  /// Why the driver does not bind (dimm.c:nvdimm_probe); nil if it does.
  private(set) var refusal: String?
  private let newest: LabelVersion

  /// Reads the area as the kernel does.
  ///
  /// - Parameters:
  ///   - dimm: Whose.
  ///   - areaSize: Its bytes.
  ///   - rules: Of the kernel.
  ///   - media: The media of the DIMM.
  /// - Throws: The error of reading.
  init(dimm: Int, areaSize: UInt64, rules: KernelRules, media: SimMedia) throws(DeviceError) {
    self.dimm = dimm
    self.media = media
    newest = rules.newestLabels
    self.areaSize = Int(areaSize)
    // Once, as label.c:nd_label_data_init does.
    let probe = DimmProbe(
      try media.readLabels(dimm: dimm, at: 0, count: self.areaSize), newest: newest,
      isBounded: rules.boundsMediaNumbers)
    index = probe.index
    refusal = probe.refusal
    for label in probe.labels { labels[Int(label.slot)] = label }
  }

  var version: LabelVersion { index?.layout.version ?? newest }

  /// The index and the labels in force, as bytes.
  var encoded: [UInt8] {
    guard let index else { return [] }
    return labels.sorted { $0.key < $1.key }.reduce(into: index.encoded) {
      $0 += $1.value.encoded(version: index.layout.version)
    }
  }

  /// Free slots less the one that the kernel keeps for updates.
  var availableSlots: Int {
    let free =
      index.map { $0.free.count(where: { $0 }) } ?? LabelLayout(areaSize: areaSize, version: newest)?
      .slotCount
      ?? 0
    return max(0, free - 1)
  }

  /// Writes fresh labels over whatever is there.
  func overwrite(_ version: LabelVersion) throws {
    let area = try media.readLabels(dimm: dimm, at: 0, count: areaSize)
    guard let fresh = FreshLabels(over: area, version: version) else {
      throw KernelRefusal(22, "the label area of nmem\(dimm) (\(areaSize) bytes) is too small for labels")
    }
    var written = area
    for stage in fresh.stages {
      // Index blocks lie at the start; behind them nothing changes.
      let count =
        (zip(stage, written).enumerated().reversed().first { $0.element.0 != $0.element.1 }?.offset ?? -1) + 1
      try media.writeLabels(dimm: dimm, Array(stage.prefix(count)), at: 0)
      written = stage
    }
  }

  /// Writes two fresh index blocks (label.c:init_labels): sequence 3, then 2, the first in force.
  mutating func initialize(_ version: LabelVersion) throws(DeviceError) {
    guard let layout = LabelLayout(areaSize: areaSize, version: version) else {
      throw DeviceError(.failed, "the label area of nmem\(dimm) (\(areaSize) bytes) is too small for labels")
    }
    for copy in 0...1 {
      let fresh = LabelIndex(layout: layout, copy: copy, sequence: UInt32(3 - copy))
      try media.writeLabels(dimm: dimm, fresh.encoded, at: copy * layout.indexSize)
    }
    index = LabelIndex(layout: layout, copy: 0, sequence: 3)
    labels = [:]
  }

  /// Writes a label into a free slot, then the index that makes it count and its predecessor not
  /// (label.c:__pmem_label_update). A cut between the two leaves the old state.
  ///
  /// - Parameters:
  ///   - label: For any free slot.
  ///   - old: The UUID that the namespace had until now, if it gets another.
  /// - Throws: ``KernelRefusal`` if no slot is free, and the error of writing.
  mutating func update(_ label: NamespaceLabel, replacing old: DeviceUUID? = nil) throws {
    // label.c:init_labels: an area that lost its index gets one.
    if index == nil { try initialize(newest) }
    guard let current = index, let slot = current.free.firstIndex(of: true) else {
      throw KernelRefusal(6, "no label slot is free on nmem\(dimm)")
    }
    var label = label
    label.slot = UInt32(slot)
    let layout = current.layout
    // Labels of version 1.1 have no field for it.
    if layout.version == .v11 { label.claimClass = ClaimClass.none }
    try media.writeLabels(
      dimm: dimm, label.encoded(version: layout.version), at: layout.offset(ofSlot: slot))
    var free = current.free
    free[slot] = false
    var kept = labels
    for (used, previous) in labels where previous.uuid == label.uuid || previous.uuid == old {
      free[used] = true
      kept[used] = nil
    }
    kept[slot] = label
    try write(free: free)
    labels = kept
  }

  /// Frees every label of a namespace (label.c:del_labels).
  mutating func remove(_ uuid: DeviceUUID) throws {
    guard let current = index else { return }
    var free = current.free
    var kept = labels
    for (slot, label) in labels where label.uuid == uuid {
      free[slot] = true
      kept[slot] = nil
    }
    try write(free: free)
    labels = kept
  }

  private mutating func write(free: [Bool]) throws {
    guard let current = index else { return }
    var next = LabelIndex(
      layout: current.layout, copy: 1 - current.copy, sequence: LabelIndex.next(current.sequence))
    next.free = free
    try media.writeLabels(dimm: dimm, next.encoded, at: next.copy * next.layout.indexSize)
    index = next
  }
}
