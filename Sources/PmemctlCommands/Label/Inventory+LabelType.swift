import PmemDevice
import PmemMedia

extension Inventory {
  /// The GUID of the type that labels of a region have; the kernel takes no label with another
  /// (namespace_devs.c:has_uuid_at_pos).
  func labelType(of region: Region) -> DeviceUUID {
    cxlRegion(of: region) == nil ? NamespaceLabel.persistentMemory : NamespaceLabel.cxlMemory
  }
}
