import PmemDevice
import PmemMedia

extension Inventory {
  /// The GUID of the type that labels of a region have; the kernel takes no label with another
  /// (namespace_devs.c:has_uuid_at_pos).
  func labelType(of region: Region) -> DeviceUUID {
    cxlRegion(of: region) == nil ? NamespaceLabel.persistentMemory : NamespaceLabel.cxlMemory
  }

  /// Whether a DIMM's labels are of a CXL region that is not there, as after each boot.
  func awaitsCxlRegion(_ dimm: DIMM) -> Bool {
    cxl.memdev(of: dimm) != nil && regions(on: [dimm]).isEmpty
  }

  /// As ``labelType(of:)``, of a DIMM, which may be in no region.
  func labelType(of dimm: DIMM) -> DeviceUUID {
    cxl.memdev(of: dimm) == nil ? NamespaceLabel.persistentMemory : NamespaceLabel.cxlMemory
  }
}
