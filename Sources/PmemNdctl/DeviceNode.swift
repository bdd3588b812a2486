/// An administrator's settings of a namespace's device node, which are lost when the kernel creates the device again.
public struct DeviceNode: Hashable, Sendable {
  /// UUID of the label, or kernel name, of the namespace.
  public var namespace: String
  /// Among the DAX devices of a namespace, from 0.
  public var number: Int
  /// `pmem0`, `dax0.0`.
  public var name: String
  public var isBlock: Bool
  /// Of the node; another number is another node. Counts within one boot.
  public var inode: UInt64
  public var attributes: Attributes
  /// Attributes of a block device below /sys/class/block/NAME that can be written, by their names.
  public var settings: [String: String]

  public init(
    namespace: String, number: Int, name: String, isBlock: Bool, inode: UInt64, attributes: Attributes,
    settings: [String: String]
  ) {
    self.namespace = namespace
    self.number = number
    self.name = name
    self.isBlock = isBlock
    self.inode = inode
    self.attributes = attributes
    self.settings = settings
  }

  /// The settings that a change of the device's mode or state loses, as stat(2) and getxattr(2) report them.
  public struct Attributes: Hashable, Sendable {
    /// User id.
    public var owner: UInt32
    /// Group id.
    public var group: UInt32
    /// Permissions alone.
    public var mode: UInt32
    /// system.posix_acl_access; nil for none.
    public var acl: [UInt8]?

    public init(owner: UInt32, group: UInt32, mode: UInt32, acl: [UInt8]?) {
      self.owner = owner
      self.group = group
      self.mode = mode
      self.acl = acl
    }

    var text: String {
      let digits = String(mode, radix: 8)
      return "\(owner):\(group) \(String(repeating: "0", count: max(0, 4 - digits.count)))\(digits)"
        + (acl == nil ? "" : " with an ACL")
    }
  }
}
