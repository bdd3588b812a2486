import PmemDevice
import PmemMedia

/// The kernel's verdict on the label areas of a machine, and the cost of each damage.
struct LabelExamination {
  let inventory: Inventory
  /// By kernel name of the DIMM, also of those whose driver is not bound.
  private let areas: [String: [UInt8]]

  /// Reads the areas; those that cannot be read are left out.
  init(_ inventory: Inventory, _ backend: any DeviceBackend) {
    self.inventory = inventory
    var areas: [String: [UInt8]] = [:]
    for dimm in inventory.dimms { areas[dimm.dev] = try? backend.readLabels(dimm: dimm.dev) }
    self.areas = areas
  }

  /// The problems of a DIMM's label area, and of the namespaces that the kernel assembles from it.
  func findings(on dimm: DIMM) -> [Diagnosis.Finding] {
    guard let area = areas[dimm.dev] else { return [] }
    let store = LabelStore(area)
    var findings = conflict(dimm, area)
    findings += store.slots.filter { $0.state == .damaged }.map { damaged($0, dimm, store) }
    if store.index == nil { findings += orphans(dimm, store) }
    findings += store.active.compactMap { odd($0, dimm, store) }
    findings += foreign(dimm, store)
    return findings
  }

  /// The regions that the kernel does not enable for what is in their labels.
  func findings(on region: Region) -> [Diagnosis.Finding] {
    guard !region.isEnabled, let cookie = region.isetID else { return [] }
    let members = region.mappings.sorted { $0.position < $1.position }.map { mapping in
      SetProbe.Member(
        labels: areas[mapping.dimm].map { DimmProbe($0).labels } ?? [],
        extent: Extent(offset: mapping.offset, length: mapping.length))
    }
    do throws(SetProbe.Refusal) {
      _ = try SetProbe(members, cookie: cookie, alternate: nil, type: inventory.labelType(of: region))
      return []
    } catch {
      let others = members.first?.labels.filter { $0.uuid != error.label.uuid } ?? []
      return [
        Diagnosis.Finding(
          .error, region.dev,
          "the kernel does not enable it: \(reason(error, region)). "
            + Self.cost(others, "with it \(others.count == 1 ? "is" : "are") not visible"),
          try: [
            isHalf(error, region)
              ? "pmemctl doctor --fix" : "pmemctl label repair \(words: region.mappings.map(\.dimm))",
            "pmemctl undo list",
          ])
      ]
    }
  }

  /// Whether another DIMM of the set lacks the label, which the first one proves.
  private func isHalf(_ refusal: SetProbe.Refusal, _ region: Region) -> Bool {
    guard case .missing = refusal.cause else { return false }
    return refusal.label.isOf(type: inventory.labelType(of: region))
      && Int(refusal.label.labelCount) == region.mappings.count
  }

  private func reason(_ refusal: SetProbe.Refusal, _ region: Region) -> String {
    let dimm = region.mappings.first { $0.position == 0 }?.dimm ?? region.dev
    let label = "the label of \(Self.name(refusal.label)) in slot \(refusal.label.slot) of \(dimm)"
    switch refusal.cause {
    case .missing(let position):
      guard refusal.label.isOf(type: inventory.labelType(of: region)) else {
        return "\(label) is of another type than this memory"
      }
      guard Int(refusal.label.labelCount) == region.mappings.count else {
        return "\(label) says that it is one of \(refusal.label.labelCount), but \(region.dev) is on "
          + counted(region.mappings.count, "DIMM")
      }
      let missing = region.mappings.first { $0.position == position }?.dimm ?? "position \(position)"
      return "\(label) has no counterpart on \(missing)"
    case .duplicate: return "\(label) has the UUID of another label on that DIMM"
    case .outside:
      return "\(label) claims \(ByteCount(refusal.label.rawSize)), which ends beyond \(region.dev)"
    case .unnamed, .noCookie: return refusal.text
    }
  }

  // MARK: Areas

  private func conflict(_ dimm: DIMM, _ area: [UInt8]) -> [Diagnosis.Finding] {
    let probe = DimmProbe(area)
    guard let conflict = probe.conflict else { return [] }
    let regions = inventory.regions(on: [dimm])
    let what =
      conflict.other.map {
        "\(Self.name(conflict.label)) (slot \(conflict.label.slot)) claims space of \(Self.name($0)) (slot \($0.slot))"
      } ?? "\(Self.name(conflict.label)) (slot \(conflict.label.slot)) has an invalid extent"
    let whole = regions.filter { $0.isEnabled && !$0.isLabeled }.map(\.dev)
    let danger =
      whole.isEmpty
      ? ""
      : ". \(whole.joined(separator: " and ")) is presented as one raw namespace over all of them: "
        + "writes to it overwrite them"
    return [
      Diagnosis.Finding(
        .error, dimm.dev,
        "the kernel's driver does not bind to it (EBUSY): \(what). "
          + Self.cost(probe.labels, "\(probe.labels.count == 1 ? "is" : "are") not visible") + danger,
        try: (whole.isEmpty ? [] : ["pmemctl region disable \(words: whole)"]) + [
          "pmemctl label repair \(dimm.dev)"
        ])
    ]
  }

  private func damaged(_ slot: LabelStore.Slot, _ dimm: DIMM, _ store: LabelStore) -> Diagnosis.Finding {
    let reason = slot.error.map { ": \($0)" } ?? ""
    let what =
      slot.unverified.map {
        ". It says that it is \(Self.name($0)), \(ByteCount($0.rawSize)) at \(ByteCount($0.dpa)) of \(dimm.dev)"
      } ?? ""
    return Diagnosis.Finding(
      .error, dimm.dev,
      "the label in slot \(slot.number) is damaged\(reason)\(what). The kernel skips it: its namespace does "
        + "not exist, and its space counts as free: the next create may overwrite it",
      try: ["pmemctl label repair \(dimm.dev)"])
  }

  private func orphans(_ dimm: DIMM, _ store: LabelStore) -> [Diagnosis.Finding] {
    let isBlank = store.copies.allSatisfy { if case .damaged(.signature) = $0 { true } else { false } }
    guard let found = store.unindexed else { return [] }
    let names = found.labels.map(Self.name).joined(separator: ", ")
    return [
      Diagnosis.Finding(
        .error, dimm.dev,
        "\(isBlank ? "no index block is there" : "both index blocks are damaged"), but \(found.labels.count) whole "
          + "label\(found.labels.count == 1 ? " is" : "s are") in its slots: \(names). The kernel takes all of it for one raw "
          + "namespace: writes to it overwrite them",
        try: ["pmemctl label repair \(dimm.dev)"])
    ]
  }

  // MARK: Labels that the kernel takes otherwise than they say

  private func odd(
    _ label: NamespaceLabel, _ dimm: DIMM, _ store: LabelStore
  ) -> Diagnosis.Finding? {
    if ![0, 512, 4096].contains(label.sectorSize) {
      return Diagnosis.Finding(
        .note, dimm.dev,
        "the label of \(Self.name(label)) says sectors of \(label.sectorSize) bytes: the kernel warns, and uses 512",
        try: ["pmemctl label repair \(dimm.dev)"])
    }
    if label.claimClass == nil {
      return Diagnosis.Finding(
        .warning, dimm.dev,
        "the label of \(Self.name(label)) is for a use that the kernel does not know: it is presented as raw")
    }
    return nil
  }

  private func foreign(_ dimm: DIMM, _ store: LabelStore) -> [Diagnosis.Finding] {
    let cookies = Set(inventory.regions(on: [dimm]).compactMap(\.isetID))
    let shown = Set(inventory.namespaces.compactMap(\.labelUUID))
    let foreign = store.active.filter { !cookies.contains($0.setCookie) && !shown.contains($0.uuid) }
    guard !foreign.isEmpty, !cookies.isEmpty else { return [] }
    return [
      Diagnosis.Finding(
        .error, dimm.dev,
        "\(counted(foreign.count, "label"))\(foreign.count == 1 ? " belongs" : " belong") to another set of DIMMs: "
          + "\(foreign.map(Self.name).joined(separator: ", ")) cannot be assembled here, and take space"
      )
    ]
  }

  // MARK: Words

  private static func name(_ label: NamespaceLabel) -> String {
    label.name.isEmpty ? "\(label.uuid)" : "\"\(label.name)\""
  }

  private static func cost(_ labels: [NamespaceLabel], _ what: String) -> String {
    guard !labels.isEmpty else { return "No other namespace is on it" }
    let list = labels.map { "\(name($0)) (\(ByteCount($0.rawSize)))" }.joined(separator: ", ")
    return "\(list) \(what)"
  }
}
