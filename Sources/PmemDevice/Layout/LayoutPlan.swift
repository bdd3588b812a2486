/// The changes that turn a machine into what a layout describes.
public struct LayoutPlan: Sendable {
  /// One change.
  public struct Change: Hashable, Sendable {
    /// The change of the namespace; of its memory, if it is system-ram.
    public enum Kind: String, Hashable, Sendable {
      case create, destroy, reconfigure, rename, enable, disable, memory
    }

    public var kind: Kind
    /// Kernel name.
    public var namespace: String
    public var name: String?
    public var region: String
    public var text: String
    /// For a created or reconfigured namespace: its size on the region, and its usable size.
    public var taken: ByteCount?
    public var usable: ByteCount?
  }

  /// A destructive change that was not allowed by name.
  public struct Conflict: Hashable, Sendable {
    public var text: String
    /// `--replace vm-a`.
    public var option: String
  }

  public var plan: Plan
  public var changes: [Change]
  public var conflicts: [Conflict]
  /// UUIDs of the labels that will be written: they identify the leftovers of a killed plan.
  public var uuids: [DeviceUUID]
  /// The capacity that will be free, by region.
  public var free: [(region: String, free: ByteCount, largest: ByteCount)]

  public var isEmpty: Bool { changes.isEmpty && conflicts.isEmpty }
}

/// Names that were allowed on the command line.
public struct AllowedNames: Hashable, Sendable {
  private let names: Set<String>

  public init(_ names: [String]) { self.names = Set(names) }

  func contains(_ namespace: Namespace) -> Bool {
    names.contains("all") || names.contains(namespace.dev) || namespace.name.map(names.contains) ?? false
  }
}
