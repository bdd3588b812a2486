import PmemDevice

/// Security (drivers/nvdimm/security.c), with the DIMM's own refusals as error numbers (drivers/acpi/nfit/intel.c).
extension NvdimmModel {
  /// nil if the DIMM has no security.
  func securityState(_ dimm: Int) -> DimmSecurity.State? {
    guard let record = media.security[dimm] else { return nil }
    guard record.overwrittenAt.map({ $0 <= Self.now }) ?? true else { return .overwrite }
    guard record.passphrase != nil else { return .disabled }
    return openDimms.contains(dimm) ? .unlocked : .locked
  }

  func isLocked(_ dimm: Int) -> Bool { securityState(dimm) == .locked }

  func isOverwriting(_ dimm: Int) -> Bool { securityState(dimm) == .overwrite }

  func security(_ dimm: Int) -> DimmSecurity {
    guard let record = media.security[dimm], let state = securityState(dimm) else {
      return DimmSecurity(state: nil)
    }
    return DimmSecurity(
      state: state, isFrozen: frozenDimms.contains(dimm),
      keys: KeyMaterial(
        hasCurrent: record.currentKey != nil, hasPending: record.pendingKey != nil,
        hasMaster: media.security.hasMasterKey, directory: "the machine's file \"security\""))
  }

  func perform(_ operation: SecurityOperation, on dimm: Int) throws {
    guard let record = media.security[dimm], let state = securityState(dimm) else {
      throw KernelRefusal(95, "nmem\(dimm) has no security")
    }
    switch operation {
    case .createMasterKey: try media.changeSecurity { $0.hasMasterKey = true }
    case .createKey:
      guard media.security.hasMasterKey else { throw KernelRefusal(2, "there is no master key") }
      let key = (0..<32).map { _ in UInt8.random(in: 0...255) }
      try media.changeSecurity { $0[dimm]?.pendingKey = key }
    case .adoptPendingKey: try adoptPendingKey(dimm, record, state)
    case .setPassphrase:
      let old = state == .disabled ? nil : try currentKey(record)
      guard let key = record.pendingKey else { throw KernelRefusal(2, "there is no pending key") }
      try setPassphrase(dimm, from: old, to: key)
    case .verifyPassphrase:
      guard let key = record.pendingKey else { throw KernelRefusal(2, "there is no pending key") }
      try setPassphrase(dimm, from: key, to: key)
    case .commitKey: try commitKey(dimm)
    case .removePassphrase:
      let key = try currentKey(record)
      // intel.c:intel_security_disable.
      try checkChangeable(dimm, [.unlocked], refusal: 6)
      guard key == record.passphrase else { throw KernelRefusal(22, "the passphrase is wrong") }
      try media.changeSecurity { $0[dimm]?.passphrase = nil }
      openDimms.remove(dimm)
    case .discardKeys:
      guard state == .disabled else { throw KernelRefusal(16, "nmem\(dimm) has a passphrase") }
      try media.changeSecurity {
        $0[dimm]?.currentKey = nil
        $0[dimm]?.pendingKey = nil
      }
    case .freeze:
      guard state == .unlocked else { throw KernelRefusal(5, "nmem\(dimm) has no passphrase") }
      frozenDimms.insert(dimm)
    case .erase: try erase(dimm, record, state)
    case .overwrite: try overwrite(dimm, record, state)
    case .discardUnusedKeys: if state == .disabled { try perform(.discardKeys, on: dimm) }
    case .unlock: try unlock(dimm, record)
    }
  }

  /// It is asked for before the DIMM is.
  private func currentKey(_ record: SecurityRecords.Record) throws -> SecurityRecords.Passphrase {
    guard let key = record.currentKey else { throw KernelRefusal(126, "its passphrase is not here") }
    return key
  }

  /// security.c:check_security_state, then the DIMM's own refusal.
  private func checkChangeable(
    _ dimm: Int, _ states: [DimmSecurity.State], refusal: Int32 = 5
  ) throws {
    guard !isOverwriting(dimm) else { throw KernelRefusal(16, "nmem\(dimm) is overwriting its data") }
    guard !frozenDimms.contains(dimm) else { throw KernelRefusal(5, "the security of nmem\(dimm) is frozen") }
    guard let state = securityState(dimm), states.contains(state) else {
      throw KernelRefusal(refusal, "nmem\(dimm) is \(securityState(dimm)?.rawValue ?? "without security")")
    }
  }

  /// intel.c:intel_security_change_key; without a passphrase the old one is 32 zero bytes.
  private func setPassphrase(
    _ dimm: Int, from old: SecurityRecords.Passphrase?, to new: SecurityRecords.Passphrase
  ) throws {
    try checkChangeable(dimm, [.disabled, .unlocked])
    guard media.security[dimm]?.passphrase == old else { throw KernelRefusal(22, "the passphrase is wrong") }
    try media.changeSecurity { $0[dimm]?.passphrase = new }
    openDimms.insert(dimm)
  }

  private func adoptPendingKey(
    _ dimm: Int, _ record: SecurityRecords.Record, _ state: DimmSecurity.State
  ) throws {
    guard let key = record.pendingKey else { return }
    if state != .disabled {
      try checkChangeable(dimm, [.unlocked])
      if record.passphrase == key { return try commitKey(dimm) }
      guard record.passphrase == record.currentKey else { throw KernelRefusal(22, "the passphrase is wrong") }
    }
    try media.changeSecurity { $0[dimm]?.pendingKey = nil }
  }

  private func commitKey(_ dimm: Int) throws {
    guard let key = media.security[dimm]?.pendingKey else {
      throw KernelRefusal(2, "there is no pending key")
    }
    try media.changeSecurity {
      $0[dimm]?.currentKey = key
      $0[dimm]?.pendingKey = nil
    }
  }

  /// security.c:security_erase. The label area is not encrypted, and stays.
  private func erase(
    _ dimm: Int, _ record: SecurityRecords.Record, _ state: DimmSecurity.State
  ) throws {
    try checkErasable(dimm, record, state)
    try media.scramble(dimm: dimm)
    try media.changeSecurity { $0[dimm]?.passphrase = nil }
    openDimms.remove(dimm)
  }

  /// security.c:security_overwrite. It goes on without the host; labels go with the data.
  private func overwrite(
    _ dimm: Int, _ record: SecurityRecords.Record, _ state: DimmSecurity.State
  ) throws {
    try checkErasable(dimm, record, state)
    try media.overwrite(dimm: dimm)
    try media.changeSecurity {
      $0[dimm]?.passphrase = nil
      $0[dimm]?.overwrittenAt = Self.now + record.overwriteSeconds
    }
    openDimms.remove(dimm)
    labels[dimm] = try SimLabels(
      dimm: dimm, areaSize: topology.dimms[dimm].labelArea, rules: topology.profile.rules,
      media: media)
  }

  private func checkErasable(
    _ dimm: Int, _ record: SecurityRecords.Record, _ state: DimmSecurity.State
  ) throws {
    // intel.c:intel_security_erase.
    try checkChangeable(dimm, [.disabled, .unlocked], refusal: 6)
    try checkRegionsDisabled(dimm)
    guard state == .disabled || record.currentKey == record.passphrase else {
      throw KernelRefusal(22, "the passphrase is wrong")
    }
  }

  private func checkRegionsDisabled(_ dimm: Int) throws {
    guard
      !topology.regions.indices.contains(where: {
        topology.regions[$0].dimms.contains(dimm) && regions[$0].isEnabled
      })
    else { throw KernelRefusal(16, "nmem\(dimm) is in use") }
  }

  /// security.c:__nvdimm_security_unlock, with the current key, then with the pending one.
  private func unlock(_ dimm: Int, _ record: SecurityRecords.Record) throws {
    try checkChangeable(dimm, [.locked])
    let isPending = record.currentKey != record.passphrase
    guard !isPending || record.pendingKey == record.passphrase else {
      throw KernelRefusal(129, "it refuses the passphrase")
    }
    openDimms.insert(dimm)
    if isPending { try commitKey(dimm) }
    try enableDimm(dimm)
  }
}
