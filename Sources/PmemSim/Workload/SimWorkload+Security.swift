public import PmemDevice

extension SimWorkload {
  /// Adds security to a DIMM, or removes it.
  ///
  /// - Parameters:
  ///   - name: `nmem0`, `0` or an id.
  ///   - isSupported: Whether it has security; removing it removes its passphrase too.
  ///   - isFrozenByFirmware: Whether it is frozen at every power on, this one included; nil leaves that as it is.
  ///   - overwriteSeconds: How long an overwrite takes; nil leaves that as it is.
  /// - Throws: `DeviceError.Code.notFound`, and the disk's error.
  public func setSecurity(
    of name: String, isSupported: Bool, isFrozenByFirmware: Bool?, overwriteSeconds: UInt64? = nil
  ) throws(DeviceError) {
    let inventory = SimInventory(machine.kernel.nvdimm).inventory
    guard let dimm = try NameResolver(inventory).dimms([name]).first,
      let index = inventory.dimms.firstIndex(of: dimm)
    else { throw DeviceError(.notFound, "there is no DIMM \(name)") }
    try doing("set the security of \(dimm.dev)") { kernel in
      try kernel.media.changeSecurity { records in
        guard isSupported else {
          records[index] = nil
          return
        }
        var record = records[index] ?? SecurityRecords.Record()
        if let isFrozenByFirmware { record.isFrozenByFirmware = isFrozenByFirmware }
        if let overwriteSeconds { record.overwriteSeconds = overwriteSeconds }
        records[index] = record
      }
      kernel.nvdimm.noteFirmware(index)
    }
  }

  /// Locks every DIMM that has a passphrase, as a loss of its power alone does: the rest of the machine runs on. Tests compare
  /// it with nfit_test's `lock_dimm`.
  package func lockDimms() throws(DeviceError) {
    try doing("lock the DIMMs") { $0.nvdimm.openDimms = [] }
  }
}
