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
    return region.mappings.map { mapping in
      var label = NamespaceLabel(
        uuid: uuid, name: "", flags: 0, labelCount: UInt16(clamping: region.mappings.count),
        position: UInt16(clamping: mapping.position), setCookie: cookie, sectorSize: 512,
        dpa: mapping.offset, rawSize: mapping.length, slot: 0, claimClass: ClaimClass.none)
      label.typeGUID = type
      return (mapping.dimm, label)
    }
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
