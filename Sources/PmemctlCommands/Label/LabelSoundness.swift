import PmemDevice
import PmemMedia

/// Whether bytes are labels that a DIMM can have.
enum LabelSoundness {
  /// - Throws: ``DeviceError/Code/corrupt`` with all that is wrong.
  static func check(
    _ bytes: [UInt8], of file: String, for dimm: DIMM, _ inventory: Inventory
  ) throws(DeviceError) {
    let store = LabelStore(bytes)
    let serious = store.findings(capacity: capacity(of: dimm, inventory)).filter(\.isSerious).map(\.text)
    guard store.index != nil, serious.isEmpty else {
      throw DeviceError(
        .corrupt, "\(file) does not hold sound labels for \(dimm.dev)",
        details: (store.index == nil && serious.isEmpty ? ["no index block is in it"] : serious)
          + ["--force writes it all the same; nothing was changed"])
    }
  }

  /// The end of the last region on a DIMM; nil if there is none.
  static func capacity(of dimm: DIMM, _ inventory: Inventory) -> UInt64? {
    inventory.regions.flatMap(\.mappings).filter { $0.dimm == dimm.dev }.map { $0.offset + $0.length }.max()
  }
}
