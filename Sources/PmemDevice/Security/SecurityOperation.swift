/// One primitive change of a DIMM's security, or of the key material for it.
///
/// Their order in a plan is what survives a crash: a new passphrase is on disk as pending before the DIMM gets it, and takes
/// the current one's name only after the DIMM has proved that it has it. At any point what is on disk opens the DIMM.
public enum SecurityOperation: String, CaseIterable, Hashable, Sendable {
  /// Create the key that passphrases are encrypted by, and store it.
  case createMasterKey = "create-master-key"
  /// Create a random passphrase, and store it as pending.
  case createKey = "create-key"
  /// Find out whether the DIMM has a pending passphrase: it becomes the current one, or is removed.
  case adoptPendingKey = "adopt-pending-key"
  /// Set the pending passphrase on the DIMM, instead of the current one or of none.
  case setPassphrase = "set-passphrase"
  /// Have the DIMM prove that its passphrase is the pending one: it is asked to change it to the same.
  case verifyPassphrase = "verify-passphrase"
  /// Rename the pending passphrase to the current one.
  case commitKey = "commit-key"
  /// Take the passphrase from the DIMM.
  case removePassphrase = "remove-passphrase"
  /// Remove the key material of a DIMM that has no passphrase.
  case discardKeys = "discard-keys"
  /// Refuse all changes until the next power cycle.
  case freeze
  /// Have the DIMM replace its media encryption key: the old data cannot be read any more, and it has no passphrase.
  /// Its regions are disabled.
  case erase
  /// Have the DIMM overwrite all its data, which takes minutes to hours after the step: it has no passphrase then. Its
  /// regions are disabled.
  case overwrite
  /// Remove the key material of a DIMM, if it has no passphrase: not every DIMM loses it by being overwritten.
  case discardUnusedKeys = "discard-unused-keys"
  /// Load the passphrase, and bind the driver again, which passes it to the DIMM.
  case unlock

  /// `create a passphrase for nmem0`.
  public func words(_ dimm: String) -> String {
    switch self {
    case .createMasterKey: "create a master key"
    case .createKey: "create a passphrase for \(dimm)"
    case .adoptPendingKey: "test whether \(dimm) has the pending passphrase"
    case .setPassphrase: "set the new passphrase on \(dimm)"
    case .verifyPassphrase: "verify the passphrase of \(dimm)"
    case .commitKey: "make the new passphrase of \(dimm) the current one"
    case .removePassphrase: "remove the passphrase of \(dimm)"
    case .discardKeys: "remove the key material of \(dimm)"
    case .freeze: "freeze the security of \(dimm)"
    case .erase: "erase all data of \(dimm)"
    case .overwrite: "overwrite all data of \(dimm)"
    case .discardUnusedKeys: "remove the key material of \(dimm), if it has no passphrase"
    case .unlock: "unlock \(dimm)"
    }
  }
}
