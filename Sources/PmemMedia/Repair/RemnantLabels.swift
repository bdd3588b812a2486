import PmemDevice

/// Labels that no index block refers to, on all DIMMs of a region alike.
struct RemnantLabels {
  /// A label, and the part of the region that it stands for.
  struct Found {
    let label: NamespaceLabel
    /// From the region's start.
    let extent: Extent
    /// Whether it has a checksum, and tells its mode.
    let isChecked: Bool
  }

  private var found: [Found] = []
  /// Of the region, bytes.
  private let size: UInt64

  /// - Parameters:
  ///   - remnants: Of each DIMM, by kernel name.
  ///   - region: The region.
  init(_ remnants: [String: [LabelStore.Unindexed]], of region: Region) {
    size = region.size.rawValue
    let ways = UInt64(max(1, region.mappings.count))
    guard let first = region.mappings.first else { return }
    for version in LabelVersion.allCases {
      let sets = region.mappings.map { mapping in
        (mapping, remnants[mapping.dimm]?.first { $0.layout.version == version }?.labels ?? [])
      }
      for label in sets[0].1 where label.labelCount == region.mappings.count && label.dpa >= first.offset {
        let isOnAll = sets.allSatisfy { mapping, labels in
          labels.contains { other in
            other.uuid == label.uuid && other.position == mapping.position && other.rawSize == label.rawSize
              && other.dpa &- mapping.offset == label.dpa - first.offset
          }
        }
        let (offset, isFar) = (label.dpa - first.offset).multipliedReportingOverflow(by: ways)
        let (length, isLong) = label.rawSize.multipliedReportingOverflow(by: ways)
        guard isOnAll, !isFar, !isLong, offset < region.size.rawValue,
          length <= region.size.rawValue - offset
        else { continue }
        found.append(
          Found(label: label, extent: Extent(offset: offset, length: length), isChecked: version == .v12))
      }
    }
  }

  /// The label of a namespace that is known otherwise.
  func label(of uuid: DeviceUUID, _ extent: Extent) -> NamespaceLabel? {
    found.first { $0.label.uuid == uuid && $0.extent == extent }?.label
  }

  /// Labels that say of themselves that nothing claims their namespace. One of all of the region is not among them: it may have
  /// served to read it.
  var raw: [Found] {
    found.filter { $0.isChecked && $0.label.claimClass == ClaimClass.none && $0.extent.length < size }
  }
}
