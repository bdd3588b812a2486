import PmemDevice

/// Which DIMMs' labels a verb is about.
struct LabelSelection {
  private let names: [String]

  init(_ names: [String]) { self.names = names }

  /// Those named; `all` means every DIMM with a label area.
  func dimms(_ inventory: Inventory) throws(DeviceError) -> [DIMM] {
    let dimms = try NameResolver(inventory).dimms(names)
    return names.contains("all") ? dimms.filter { $0.labels != nil } : dimms
  }
}
