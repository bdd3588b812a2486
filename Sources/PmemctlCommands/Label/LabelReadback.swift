import PmemDevice
import PmemMedia

/// The content of a label area after a write: read back, and decoded as the kernel decodes it.
struct LabelReadback {
  private let dimm: DIMM
  private let probe: DimmProbe

  /// Reads the area of a DIMM, as the present inventory has it.
  init(_ dimm: DIMM, _ backend: any DeviceBackend) throws(DeviceError) {
    self.dimm = dimm
    probe = DimmProbe(try backend.readLabels(dimm: dimm.dev))
  }

  /// `no labels`, `2 labels, 1018 free`.
  var text: String {
    guard probe.index != nil else { return "no labels" }
    let count = probe.labels.count
    return "\(counted(count, "label")), \(dimm.labels?.availableSlots ?? 0) free"
  }

  /// Refuses an area that is not as fresh labels are.
  ///
  /// - Throws: ``DeviceError/Code/failed``, with the content of the area.
  func checkFresh(_ version: LabelVersion) throws(DeviceError) {
    guard probe.index?.layout.version == version, probe.labels.isEmpty else {
      let found = probe.index.map { "version \($0.layout.version.rawValue), \(text)" } ?? text
      throw DeviceError(
        .failed, "the labels of \(dimm.dev) were written, but the kernel finds others: \(found)",
        try: ["pmemctl label check \(dimm.dev)"])
    }
  }
}
