import PmemDevice
import PmemMedia

/// The labels' claims of their namespaces.
struct ClaimClasses {
  private let labels: [DeviceUUID: ClaimClass?]

  /// Reads the labels of all DIMMs, as far as they can be read.
  init(_ inventory: Inventory, _ backend: any DeviceBackend) {
    var labels: [DeviceUUID: ClaimClass?] = [:]
    for dimm in inventory.dimms {
      guard let area = try? backend.readLabels(dimm: dimm.dev) else { continue }
      for label in DimmProbe(area).labels { labels[label.uuid] = label.claimClass }
    }
    self.labels = labels
  }

  /// Of the label with a UUID: ``ClaimClass/none`` without any, nil if the kernel does not know it.
  subscript(uuid: DeviceUUID?) -> ClaimClass? {
    guard let uuid, let found = labels[uuid] else { return ClaimClass.none }
    return found
  }
}
