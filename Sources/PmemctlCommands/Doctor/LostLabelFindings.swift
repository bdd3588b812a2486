import PmemDevice
import PmemMedia

/// Regions that have no labels and are one raw namespace, though namespaces with labels were on them.
struct LostLabelFindings {
  let inventory: Inventory
  let backend: any CommandContext.Backend

  /// How far a region is searched: the first namespace, or one of the first, begins there.
  private static let searched: UInt64 = 1 << 30

  /// - Returns: Findings by region; what cannot be read has none.
  func findings() -> [Diagnosis.Finding] {
    inventory.regions.compactMap { region in
      guard !region.isLabeled, let window = RecoveryWindow(region), let dimm = region.dimmsByPosition.first,
        isRecoverable(region), let count = try? blocks(window), count > 0
      else { return nil }
      return Diagnosis.Finding(
        .error, region.dev,
        "its labels are lost: it is one raw namespace, and \(counted(count, "info block")) on it "
          + "\(count == 1 ? "names" : "name") the label of another",
        try: ["pmemctl label recover \(dimm)"])
    }
  }

  private func isRecoverable(_ region: Region) -> Bool {
    region.mappings.allSatisfy { mapping in
      inventory.dimms.contains { $0.dev == mapping.dimm && $0.labels != nil }
    }
  }

  /// Info blocks of namespaces that had labels: one of a region without labels names none.
  private func blocks(_ window: RecoveryWindow) throws(DeviceError) -> Int {
    try backend.withContent(of: window.namespace) { source throws(DeviceError) in
      let part = SourceSlice(source, Extent(offset: 0, length: min(source.size, Self.searched)))
      return try RegionScan(part, step: RegionScan.smallestStep).found.count { !$0.parent.isNull }
    }
  }
}
