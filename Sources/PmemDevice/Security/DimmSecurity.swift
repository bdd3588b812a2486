/// The security state of a DIMM, and the key material for it on this machine.
public struct DimmSecurity: Hashable, Sendable {
  /// As the kernel has it (drivers/nvdimm/dimm_devs.c:security_show).
  public enum State: String, CaseIterable, Hashable, Sendable {
    /// It has no passphrase.
    case disabled
    /// It has one, and its data can be accessed.
    case unlocked
    /// It has one, and its data cannot be accessed.
    case locked
    /// It is overwriting all its data.
    case overwrite
  }

  /// nil if the DIMM has no security, as QEMU's have none.
  public var state: State?
  /// Whether every change is refused until the next power cycle.
  public var isFrozen: Bool
  /// nil if only root may look.
  public var keys: KeyMaterial?

  public init(state: State?, isFrozen: Bool = false, keys: KeyMaterial? = nil) {
    self.state = state
    self.isFrozen = isFrozen
    self.keys = keys
  }
}

/// Which keys for one DIMM are on this machine. A passphrase is 32 random bytes, which are stored encrypted by a master key
/// (linux: Documentation/driver-api/nvdimm/security.rst).
public struct KeyMaterial: Hashable, Sendable {
  /// Its passphrase, as far as is known.
  public var hasCurrent: Bool
  /// A passphrase that was created, and of which it is not known whether the DIMM has it: a change was cut short.
  public var hasPending: Bool
  /// The key that passphrases are encrypted by.
  public var hasMaster: Bool
  /// Their paths, for messages.
  public var directory: String

  public init(hasCurrent: Bool, hasPending: Bool, hasMaster: Bool, directory: String) {
    self.hasCurrent = hasCurrent
    self.hasPending = hasPending
    self.hasMaster = hasMaster
    self.directory = directory
  }
}
