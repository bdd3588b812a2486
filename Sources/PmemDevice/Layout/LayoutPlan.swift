/// What it takes to make a machine what a layout says.
public struct LayoutPlan: Sendable {
  /// One thing that changes.
  public struct Change: Hashable, Sendable {
    /// What is done to the namespace; of its memory, where it is system-ram.
    public enum Kind: String, Hashable, Sendable {
      case create, destroy, reconfigure, rename, enable, disable, memory
    }

    public var kind: Kind
    /// Kernel name.
    public var namespace: String
    public var name: String?
    public var region: String
    public var text: String
    /// Of what is created or reconfigured: what it takes from the region, and what is left to use.
    public var taken: ByteCount?
    public var usable: ByteCount?
  }

  /// A change that takes something away, and that nobody allowed by name.
  public struct Conflict: Hashable, Sendable {
    public var text: String
    /// `--replace vm-a`.
    public var option: String
  }

  public var plan: Plan
  public var changes: [Change]
  public var conflicts: [Conflict]
  /// UUIDs of the labels that will be written: what a plan that is killed leaves is known by them.
  public var uuids: [DeviceUUID]
  /// What will be free, by region.
  public var free: [(region: String, free: ByteCount, largest: ByteCount)]

  public var isEmpty: Bool { changes.isEmpty && conflicts.isEmpty }
}

/// Names that a person gave leave for.
public struct AllowedNames: Hashable, Sendable {
  private let names: Set<String>

  public init(_ names: [String]) { self.names = Set(names) }

  func contains(_ namespace: Namespace) -> Bool {
    names.contains("all") || names.contains(namespace.dev) || namespace.name.map(names.contains) ?? false
  }
}
