import PmemDevice
import PmemMedia

/// The steps that make what a change touched again what it was, from whatever it is now.
///
/// It compares and does not replay: whether the change was complete, interrupted in the middle of a label or half
/// undone already, the steps follow from the media and the kernel's state. Roll-back, `undo run` and the verification
/// of both are this one comparison: if it finds no difference, the old state is restored.
struct Restoration {
  /// The old state.
  let target: MachineState
  let scope: ChangeScope
  let inventory: Inventory
  let backend: any CommandContext.Backend
  /// Whether to use the kernel's own allocation if it would give the same extents; otherwise labels are written.
  var usesKernel = true
  /// Whether states of regions, DIMMs and DAX devices are restored too, as after a change that was not completed.
  var restoresStates = true
  /// Namespaces made since that are in the way, and go.
  var removing: Set<DeviceUUID> = []

  /// - Returns: Steps that bring the machine nearer to the old state, and all the way if nothing fails and the kernel
  ///   does what is expected; empty if it is there.
  /// - Throws: The error of reading; ``DeviceError/Code/notFound`` if a DIMM is not on this machine.
  func steps() throws(DeviceError) -> [Plan.Entry] {
    let entries = try changes()
    if entries.isEmpty, let difference = careDifferences.first { throw DeviceError(.failed, difference) }
    return entries
  }

  private func changes() throws(DeviceError) -> [Plan.Entry] {
    let cxl = try CxlRestoration(target: target, scope: scope, inventory: inventory).entries()
    guard cxl.isEmpty else { return cxl }
    let early = restoresStates ? enablingDimms() : []
    guard early.isEmpty else { return early }
    let labels = try LabelDifference(self)
    let media = try labels.entries() ?? []
    guard media.isEmpty else { return media }
    let enabling = restoresStates ? enablingRegions() : []
    guard enabling.isEmpty else { return enabling }
    var namespaces: [Plan.Entry] = []
    for saved in target.namespaces where isTouched(saved) { namespaces += try restoring(saved, change: nil) }
    guard namespaces.isEmpty, restoresStates else { return namespaces }
    try refuseSticky()
    let devices = DeviceRestoration(target: target, scope: scope, inventory: inventory).entries()
    guard devices.isEmpty else { return devices }
    let alarms = target.facts.settingAlarms(presentFacts)
    return alarms.isEmpty ? disabling() : alarms
  }

  /// The old ones if the machine cannot be asked.
  private var presentFacts: CareFacts {
    (try? CareFacts(scope.care, inventory, backend)) ?? target.facts
  }

  /// Whether a saved namespace is to be as it was: all of an unfinished change, of a finished one those whose media it
  /// wrote.
  private func isTouched(_ saved: NamespaceState) -> Bool {
    guard restoresStates else {
      return saved.uuid.map(scope.uuids.contains) ?? false || !saved.pieces.isEmpty
    }
    return scope.namespaces.contains(saved.dev) || saved.uuid.map(scope.uuids.contains) ?? false
  }

  /// Differences that no step restores, a line each. A passphrase that was set, or removed, is not undone: that takes keys,
  /// and has verbs of its own; so has firmware.
  var careDifferences: [String] {
    guard restoresStates else { return [] }
    return target.facts.differences(presentFacts)
      + target.dimms.compactMap { saved in
        guard let before = saved.security, let now = saved.find(in: inventory)?.security, now != before else {
          return nil
        }
        return "the security of \(saved.dev) was \(before), and is \(now)"
      }
  }

  /// Labels that were on a DIMM for a moment leave its regions divided until the next boot, even if they are removed
  /// (drivers/nvdimm/dimm.c:nvdimm_probe sets NDD_LABELING, nothing clears it).
  private func refuseSticky() throws(DeviceError) {
    for saved in target.namespaces where saved.uuid == nil && saved.find(in: inventory) == nil {
      guard let region = inventory.regions.first(where: { $0.dev == saved.region }), region.isEnabled,
        region.isLabeled
      else { continue }
      throw DeviceError(
        .failed,
        "\(region.dev) stays divided by labels until the next boot, though the labels are as they were: "
          + "\(saved.title) is not visible until then",
        try: backend.isSimulated ? ["pmemctl sim reboot"] : [])
    }
  }

  // MARK: DIMMs and regions

  private func enablingDimms() -> [Plan.Entry] {
    target.dimms.filter { scope.dimms.contains($0.dev) && $0.isEnabled }.compactMap { saved in
      guard let dimm = saved.find(in: inventory), !dimm.isEnabled else { return nil }
      return Plan.Entry(.enableDimm(dimm.dev), "enable \(dimm.dev)")
    }
  }

  /// The same region on this machine, by its DIMMs.
  func find(_ saved: RegionState) -> Region? {
    guard !saved.dimms.isEmpty else { return inventory.regions.first { $0.dev == saved.dev } }
    let members = saved.dimms.map { name in
      target.dimms.first { $0.dev == name }?.find(in: inventory)?.dev ?? name
    }
    let same = inventory.regions.filter { $0.mappings.map(\.dimm) == members }
    return same.first { $0.dev == saved.dev } ?? same.first
  }

  /// Whether a region is to be enabled at the end.
  func shouldBeEnabled(_ region: Region) -> Bool {
    guard restoresStates, let saved = target.regions.first(where: { find($0)?.dev == region.dev }) else {
      return region.isEnabled
    }
    return saved.isEnabled
  }

  private func enablingRegions() -> [Plan.Entry] {
    target.regions.compactMap(find).filter { shouldBeEnabled($0) && !$0.isEnabled }.map { region in
      Plan.Entry(.enableRegion(region.dev), "enable \(region.dev)")
    }
  }

  private func disabling() -> [Plan.Entry] {
    let regions = target.regions.filter { scope.regions.contains($0.dev) && !$0.isEnabled }
      .compactMap(find).filter(\.isEnabled)
    guard regions.isEmpty else { return regions.flatMap(RegionStatePlanner.disabling) }
    let dimms = target.dimms.filter { scope.dimms.contains($0.dev) && !$0.isEnabled }
      .compactMap { $0.find(in: inventory) }.filter(\.isEnabled)
    // A boot since has enabled the regions on them too.
    return inventory.regions(on: dimms).filter(\.isEnabled).flatMap(RegionStatePlanner.disabling)
      + dimms.map { Plan.Entry(.disableDimm($0.dev), "disable \($0.dev)") }
  }

  // MARK: Namespaces

  /// The change of a namespace's labels that must precede writing its bytes.
  enum LabelChange {
    /// Its region is enabled again, which enables it under whatever name.
    case written
    /// These steps, on a namespace that is detached.
    case steps([Plan.Entry])
  }

  /// - Parameters:
  ///   - saved: As it was.
  ///   - change: Of its labels; nil if they are as they were.
  /// - Returns: All steps for it, from detaching to enabling; empty if it is as it was.
  /// - Throws: The error of reading it.
  func restoring(_ saved: NamespaceState, change: LabelChange?) throws(DeviceError) -> [Plan.Entry] {
    let present = saved.find(in: inventory)
    if change == nil {
      guard let present else { return [] }
      guard try isDifferent(present, from: saved) else { return [] }
    }
    var entries: [Plan.Entry] = []
    var isDetached = true
    switch change {
    case .written:
      isDetached = false
      if needsBytes(saved) || !saved.isEnabled {
        entries.append(Plan.Entry(.disable(namespace: saved.stableName), "disable \(saved.title)"))
        isDetached = true
      }
    case .steps(let steps):
      if let present, !present.isSeed { entries += NamespaceStatePlanner.detaching(present) }
      entries += steps
    case nil:
      if let present { entries += try detaching(present, saved) }
    }
    if isDetached { entries += writing(saved, isLabelWritten: change.isWritten) }
    guard saved.isEnabled, isDetached else { return entries }
    return entries + [Plan.Entry(.enable(namespace: saved.stableName), "enable \(saved.title)")]
  }

  private func needsBytes(_ saved: NamespaceState) -> Bool { !saved.pieces.isEmpty }

  private func writing(_ saved: NamespaceState, isLabelWritten: Bool) -> [Plan.Entry] {
    var entries = saved.pieces.map { piece in
      Plan.Entry(
        .write(namespace: saved.stableName, bytes: piece.bytes, offset: piece.offset),
        piece.offset == 0
          ? "restore the first \(piece.bytes.count) bytes of \(saved.title)"
          : "restore \(piece.bytes.count) bytes at \(piece.offset) of \(saved.title)")
    }
    // The kernel looks for the info block of this mode only. If labels do not have it, only the kernel's memory does,
    // until it reads the labels again (namespace_devs.c:holder_class_store). A change that wrote no labels, such as a
    // repair, did not touch it.
    if !entries.isEmpty, !isLabelWritten, saved.uuid.map(scope.uuids.contains) ?? true {
      let mode = saved.mode ?? .raw
      entries.append(
        Plan.Entry(.setMode(namespace: saved.stableName, mode), "mark \(saved.title) as \(mode)"))
    }
    return entries
  }

  private func detaching(_ present: Namespace, _ saved: NamespaceState) throws(DeviceError) -> [Plan.Entry] {
    let isOnlyState = saved.pieces.isEmpty && present.holder == nil && !present.isEnabled
    return isOnlyState ? [] : NamespaceStatePlanner.detaching(present)
  }

  /// Whether anything but its labels is not as it was.
  private func isDifferent(_ present: Namespace, from saved: NamespaceState) throws(DeviceError) -> Bool {
    guard present.isEnabled == saved.isEnabled else { return true }
    if present.isEnabled {
      // One that the kernel could not read makes it raw (drivers/nvdimm/pfn_devs.c:nd_pfn_probe).
      if let mode = saved.mode, mode != .raw, present.mode == .raw { return true }
      // The kernel read its info block when it was enabled: it presents what is there.
      guard !saved.pieces.isEmpty else { return false }
      return saved.mode.map { $0 != present.mode } ?? false
        || (present.holder == nil ? nil : present.uuid) != saved.infoUUID
    }
    if present.holder != nil { return true }
    guard !saved.pieces.isEmpty else { return false }
    return try backend.withRawMedia(of: present.dev, forWriting: false) { media throws(DeviceError) in
      for piece in saved.pieces {
        guard piece.offset <= media.size, UInt64(piece.bytes.count) <= media.size - piece.offset else {
          return true
        }
        if try media.read(at: piece.offset, count: piece.bytes.count) != piece.bytes { return true }
      }
      return false
    }
  }
}

extension Restoration.LabelChange? {
  fileprivate var isWritten: Bool { if case .written = self { true } else { false } }
}
