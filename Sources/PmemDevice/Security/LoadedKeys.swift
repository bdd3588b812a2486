/// What came of loading the keys of DIMMs into the kernel's keyring.
public struct LoadedKeys: Hashable, Sendable {
  /// Of one key.
  public enum Outcome: Hashable, Sendable {
    case loaded
    /// The keyring has it already.
    case present
    case failed(String)
  }

  /// A key of a file.
  public struct Key: Hashable, Sendable {
    /// The id in the file's name.
    public var id: String
    /// Kernel name of the DIMM; nil if no DIMM of this machine has the id.
    public var dimm: String?
    public var outcome: Outcome

    public init(id: String, dimm: String?, outcome: Outcome) {
      self.id = id
      self.dimm = dimm
      self.outcome = outcome
    }
  }

  public var directory: String
  /// The key that the others are encrypted by; nil if there is none.
  public var master: Outcome?
  /// In order of their ids.
  public var keys: [Key]

  public init(directory: String, master: Outcome?, keys: [Key]) {
    self.directory = directory
    self.master = master
    self.keys = keys
  }
}
