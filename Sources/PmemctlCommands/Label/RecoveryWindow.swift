import PmemDevice
import PmemMedia

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

  /// The labels that present a divided region as one namespace.
  ///
  /// - Parameters:
  ///   - region: All of whose labels are gone.
  ///   - cookie: Of its set.
  ///   - type: The GUID of its type.
  /// - Returns: One for each DIMM, with the DIMM's kernel name.
  static func labels(
    of region: Region, cookie: UInt64, type: DeviceUUID
  ) -> [(dimm: String, label: NamespaceLabel)] {
    let uuid = DeviceUUID.random()
    let all = Extent(offset: 0, length: region.size.rawValue)
    return region.mappings.map { mapping in
      (
        mapping.dimm,
        NamespaceLabel(
          uuid: uuid, of: all, on: mapping, of: region.mappings.count, cookie: cookie, type: type)
      )
    }
  }

  /// The steps that free it again.
  var closing: [Plan.Entry] {
    let name = namespace.labelUUID?.description ?? namespace.dev
    return [
      Plan.Entry(.disable(namespace: name), "disable \(namespace.dev)"),
      Plan.Entry(.free(namespace: name), "free \(namespace.dev)"),
    ]
  }
}
