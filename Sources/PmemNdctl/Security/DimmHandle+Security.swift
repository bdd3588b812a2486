import CNdctl
import Glibc
import PmemDevice

/// Security, by the attributes `security` and `frozen` of sysfs (drivers/nvdimm/security.c:nvdimm_security_store).
extension DimmHandle {
  private var id: String { unsafe text(ndctl_dimm_get_unique_id(pointer)) ?? dev }
  private var directory: String { "/sys/bus/nd/devices/\(dev)" }

  /// The kernel's present state; libndctl caches what it has read.
  var securityState: DimmSecurity.State? {
    guard let word = attribute(directory + "/security") else { return nil }
    // Before 5.6 a frozen DIMM's state was "frozen": it has a passphrase, and was unlocked.
    return word == "frozen" ? .unlocked : DimmSecurity.State(rawValue: word)
  }

  var isSecurityFrozen: Bool {
    attribute(directory + "/frozen") == "1" || attribute(directory + "/security") == "frozen"
  }

  func security() throws(DeviceError) -> DimmSecurity {
    guard let state = securityState else { return DimmSecurity(state: nil) }
    let mayLook = geteuid() == 0
    return DimmSecurity(
      state: state, isFrozen: isSecurityFrozen, keys: mayLook ? try DimmKeys(id).material() : nil)
  }

  /// - Returns: 0 or the negative error number of the kernel.
  /// - Throws: The errors of the keyring and of files.
  func perform(_ operation: SecurityOperation) throws(DeviceError) -> Int32 {
    let keys = try DimmKeys(id)
    switch operation {
    case .createMasterKey:
      try keys.createMaster()
      return 0
    case .createKey:
      try keys.createPending()
      return 0
    case .adoptPendingKey: return try adoptPending(keys)
    case .setPassphrase:
      let old = securityState == .disabled ? 0 : try keys.current()
      return unsafe ndctl_dimm_update_passphrase(pointer, old, try keys.pending())
    case .verifyPassphrase: return verify(try keys.pending())
    case .commitKey:
      try keys.commit()
      return 0
    case .removePassphrase: return unsafe ndctl_dimm_disable_passphrase(pointer, try keys.current())
    case .discardKeys:
      guard securityState == .disabled else { return -EBUSY }
      try keys.discardAll()
      return 0
    case .freeze: return unsafe ndctl_dimm_freeze_security(pointer)
    case .erase:
      // The kernel looks at regions that hold labels alone (security.c:nvdimm_security_store, nvdimm->busy).
      guard unsafe ndctl_dimm_is_active(pointer) == 0 else { return -EBUSY }
      return unsafe ndctl_dimm_secure_erase(pointer, try ownKey(keys))
    case .overwrite:
      guard unsafe ndctl_dimm_is_active(pointer) == 0 else { return -EBUSY }
      let status = unsafe ndctl_dimm_overwrite(pointer, try ownKey(keys))
      // The library may fail after the kernel has begun.
      return securityState == .overwrite ? 0 : status
    case .discardUnusedKeys:
      if securityState == .disabled { try keys.discardAll() }
      return 0
    case .unlock: return try unlock(keys)
    }
  }

  /// The number of the key for what takes the passphrase; 0 if the DIMM has none.
  private func ownKey(_ keys: DimmKeys) throws(DeviceError) -> Int {
    securityState == .disabled ? 0 : try keys.current()
  }

  /// The kernel proves what it has unlocked the same way (security.c:nvdimm_key_revalidate).
  private func verify(_ key: Int) -> Int32 {
    unsafe ndctl_dimm_update_passphrase(pointer, key, key)
  }

  private func adoptPending(_ keys: DimmKeys) throws(DeviceError) -> Int32 {
    guard keys.hasPending else { return 0 }
    guard securityState != .disabled else {
      try keys.discardPending()
      return 0
    }
    let status = verify(try keys.pending())
    if status == 0 { try keys.commit() }
    // acpi/nfit/intel.c: ND_INTEL_STATUS_INVALID_PASS.
    guard status == -EINVAL else { return status }
    // It is removed only if the other one is proved to be the passphrase.
    let proved = verify(try keys.current())
    guard proved == 0 else { return proved }
    try keys.discardPending()
    return 0
  }

  /// The driver asks the keyring for the passphrase when it is bound (security.c:nvdimm_security_unlock).
  private func unlock(_ keys: DimmKeys) throws(DeviceError) -> Int32 {
    guard unsafe ndctl_dimm_is_active(pointer) == 0 else { return -EBUSY }
    let material = try keys.material()
    if material.hasCurrent {
      _ = try keys.current()
      rebind()
    }
    if securityState == .locked, material.hasPending {
      try keys.presentPending()
      rebind()
      if securityState != .locked { try keys.commit() }
    }
    guard securityState != .locked else {
      throw DeviceError(
        .failed, "cannot unlock \(dev): it refuses the passphrase in \(material.directory)",
        errno: EKEYREJECTED)
    }
    return 0
  }

  private func rebind() {
    if unsafe ndctl_dimm_is_enabled(pointer) != 0 { _ = unsafe ndctl_dimm_disable(pointer) }
    _ = unsafe ndctl_dimm_enable(pointer)
  }
}
