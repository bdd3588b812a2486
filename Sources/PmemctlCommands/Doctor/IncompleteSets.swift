import PmemDevice
import PmemMedia

/// Namespaces of an interleave set that have a label on some of its DIMMs and none on others: the leftovers of a tool
/// that was interrupted between two DIMMs. If the first DIMM has one, the kernel enables nothing of the region
/// (namespace_devs.c:scan_labels); otherwise it skips them, and their space stays reserved.
struct IncompleteSets {
  let inventory: Inventory
  let backend: any CommandContext.Backend

  /// One DIMM of a set.
  private struct Member {
    let dimm: DIMM
    let mapping: RegionMapping
    let area: [UInt8]
    let labels: [DeviceUUID: Set<NamespaceLabel>]
  }

  /// - Returns: A finding for each such namespace, with the one fix that loses nothing if there is one: its missing
  ///   labels are written with the content of the others. The set cookie of the others proves that they belong to this
  ///   set.
  /// - Throws: The error of reading labels.
  func findings() throws(DeviceError) -> [Diagnosis.Finding] {
    var findings: [Diagnosis.Finding] = []
    for region in inventory.regions where region.mappings.count > 1 {
      var members: [Member] = []
      for mapping in region.mappings.sorted(by: { $0.position < $1.position }) {
        guard let dimm = inventory.dimms.first(where: { $0.dev == mapping.dimm }), dimm.labels != nil else {
          break
        }
        let area = try backend.readLabels(dimm: dimm.dev)
        members.append(Member(dimm: dimm, mapping: mapping, area: area, labels: LabelStore(area).labelSets))
      }
      guard members.count == region.mappings.count else { continue }
      let uuids = Set(members.flatMap(\.labels.keys)).sorted { $0.description < $1.description }
      for uuid in uuids where members.contains(where: { $0.labels[uuid] == nil }) {
        findings.append(finding(uuid, region, members))
      }
    }
    return findings
  }

  private func finding(_ uuid: DeviceUUID, _ region: Region, _ members: [Member]) -> Diagnosis.Finding {
    let present = members.compactMap { $0.labels[uuid] }
    let name = present.first?.first?.name ?? ""
    let what = name.isEmpty ? "\(uuid)" : "\"\(name)\" (\(uuid))"
    let missing = members.filter { $0.labels[uuid] == nil }.map(\.dimm.dev).joined(separator: " and ")
    let text =
      "namespace \(what) has labels on \(present.count) of \(members.count) DIMMs, and none on \(missing)"
    guard let areas = completed(uuid, region, members) else {
      return Diagnosis.Finding(.error, region.dev, text + ", and what was there cannot be known")
    }
    do throws(DeviceError) {
      let plan = try LabelPlanner(inventory, inspector: backend, contents: nil).repair(areas, fixes: [])
      return Diagnosis.Finding(.error, region.dev, text, fix: plan.entries)
    } catch {
      return Diagnosis.Finding(
        .error, region.dev,
        text + "; they can be completed once \(region.dev) is not in use: \(error.summary)")
    }
  }

  /// The areas with the missing labels; nil if the present labels do not agree, or the space is taken.
  private func completed(
    _ uuid: DeviceUUID, _ region: Region, _ members: [Member]
  ) -> [(dimm: DIMM, bytes: [UInt8])]? {
    let known = members.enumerated().compactMap { position, member -> NamespaceLabel? in
      guard let labels = member.labels[uuid], labels.count == 1, let label = labels.first,
        Int(label.position) == position, Int(label.labelCount) == members.count
      else { return nil }
      return label
    }
    guard let model = known.first, model.rawSize > 0,
      known.count == members.count(where: { $0.labels[uuid] != nil }),
      model.setCookie == region.isetID, known.allSatisfy({ Self.isSame($0, model) })
    else { return nil }
    var areas: [(dimm: DIMM, bytes: [UInt8])] = []
    for (position, member) in members.enumerated() where member.labels[uuid] == nil {
      var label = model
      label.position = UInt16(position)
      label.flags &= ~NamespaceLabel.updating
      let isFree = !member.labels.values.joined().contains(where: label.overlaps)
      guard isFree, member.mapping.offset <= label.dpa,
        let bytes = LabelEdit([uuid: [label]]).applied(to: member.area)
      else { return nil }
      areas.append((member.dimm, bytes))
    }
    return areas
  }

  private static func isSame(_ left: NamespaceLabel, _ right: NamespaceLabel) -> Bool {
    left.dpa == right.dpa && left.rawSize == right.rawSize && left.name == right.name
      && left.setCookie == right.setCookie && left.claimClass == right.claimClass
  }
}
