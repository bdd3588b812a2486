import PmemDevice
import PmemMedia

/// The modes of disabled namespaces, by their labels: the kernel presents each as raw, and reading its info block would
/// take enabling it.
struct DisabledModes {
  private var modes: [DeviceUUID: NamespaceMode] = [:]

  /// Reads labels if any namespace is disabled, and they may be read.
  init(_ namespaces: [Namespace], _ inventory: Inventory, _ backend: any DeviceBackend) {
    let disabled = namespaces.filter { !$0.isEnabled && !$0.isSeed && $0.holder == nil }
    guard !disabled.isEmpty, inventory.host.isPrivileged else { return }
    let regions = inventory.regions.filter { region in disabled.contains { $0.regionID == region.id } }
    // Each label of a set names the same class.
    for dimm in Set(regions.compactMap { $0.mappings.first?.dimm }) {
      guard let area = try? backend.readLabels(dimm: dimm) else { continue }
      for label in DimmProbe(area).labels { modes[label.uuid] = Self.mode(label.claimClass) }
    }
  }

  /// Labels of version 1.1 have no class, and neither have those of 1.2 that old tools wrote: nil.
  private static func mode(_ claimClass: ClaimClass?) -> NamespaceMode? {
    switch claimClass {
    case .pfn: .fsdax
    case .dax: .devdax
    case .btt, .btt2: .sector
    case .some(.none), nil: nil
    }
  }

  /// - Returns: nil if the namespace is disabled and its label does not say.
  func mode(of namespace: Namespace) -> NamespaceMode? {
    guard !namespace.isEnabled, !namespace.isSeed, namespace.holder == nil else { return namespace.mode }
    return namespace.labelUUID.flatMap { modes[$0] }
  }
}
