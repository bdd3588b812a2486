/// Content found on a namespace by its first and last bytes: a filesystem, a volume, a table.
public struct Content: Hashable, Sendable {
  /// The kind: `filesystem`, `raid`, `crypto`, `other` (swap, and the like) as libblkid reports, or `partition table`.
  public var usage: String
  /// `ext4`, `LVM2_member`, `crypto_LUKS`, `gpt`, ...
  public var type: String
  public var label: RawText?
  public var uuid: String?

  public init(usage: String, type: String, label: RawText? = nil, uuid: String? = nil) {
    self.usage = usage
    self.type = type
    self.label = label
    self.uuid = uuid
  }

  /// `ext4 filesystem`, `LVM2_member`.
  public var kind: String {
    switch usage {
    case "filesystem", "partition table": "\(type) \(usage)"
    default: type
    }
  }

  /// `ext4 filesystem "data" (1b4e28ba-...)`.
  public var text: String {
    kind + (label.map { " \"\($0)\"" } ?? "") + (uuid.map { " (\($0))" } ?? "")
  }
}

/// The content of namespaces.
public struct ContentReport: Hashable, Sendable {
  /// The recognised content, by kernel name of the namespace.
  public var contents: [String: [Content]]
  /// Namespaces that could not be read, and why: any content is possible there.
  public var unknown: [String]
  /// The same of namespaces that a mode has claimed and never presented, as a change leaves them that was cut short.
  public var unpresented: [String]

  public init(contents: [String: [Content]] = [:], unknown: [String] = [], unpresented: [String] = []) {
    self.contents = contents
    self.unknown = unknown
    self.unpresented = unpresented
  }
}

/// Recognises what would be lost; asked before anything is overwritten.
public protocol ContentInspector: AnyObject {
  /// The content of namespaces, enabled or not, seen through the mode that they have, or would have if they were
  /// enabled. Nothing is written.
  func contents(of namespaces: [Namespace]) -> ContentReport
}
