/// The change of mappings when a device or a filesystem is frozen.
public enum FreezePolicy: String, CaseIterable, Hashable, Sendable {
  /// None: entries in page tables stay as they are.
  case none
  /// All entries are removed (unmap_mapping_range): the next access faults.
  case unmap
  /// Entries are made read-only: reads continue, the next store faults.
  case writeProtect = "write-protect"
}
