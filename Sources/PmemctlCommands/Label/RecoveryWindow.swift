import PmemDevice

/// A region all of whose bytes can be read: it is one raw namespace. One without labels is, after a boot; one that the kernel
/// has divided by labels that are gone since, or a CXL region, becomes one by a label for all of it.
struct RecoveryWindow {
  let region: Region
  /// All of it.
  let namespace: Namespace

  /// nil if it is not one raw namespace.
  init?(_ region: Region) {
    let configured = region.isLabeled ? region.configuredNamespaces : region.namespaces
    guard region.isEnabled, configured.count == 1, let whole = configured.first, whole.isEnabled,
      whole.mode == .raw, whole.rawSize == region.size
    else { return nil }
    self.region = region
    namespace = whole
  }

  /// The steps that present a divided region without namespaces as one: of its DIMMs only labels are written.
  ///
  /// - Parameters:
  ///   - region: All of whose labels are gone.
  ///   - uuid: Of the label.
  /// - Returns: nil if the kernel has no device for it.
  static func opening(_ region: Region, uuid: DeviceUUID) -> [Plan.Entry]? {
    guard let next = region.nextNamespace else { return nil }
    return [
      Plan.Entry(
        .allocate(Allocation(namespace: next.dev, uuid: uuid, name: nil, size: region.size)),
        "allocate all of \(region.dev) as \(next.dev), to read it"),
      Plan.Entry(.enable(namespace: next.dev), "enable \(next.dev) in raw mode"),
    ]
  }

  /// The steps that take it away again.
  var closing: [Plan.Entry] {
    let name = namespace.labelUUID?.description ?? namespace.dev
    return [
      Plan.Entry(.disable(namespace: name), "disable \(namespace.dev)"),
      Plan.Entry(.free(namespace: name), "free \(namespace.dev)"),
    ]
  }
}
