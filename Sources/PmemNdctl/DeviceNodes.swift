import CPmemShims
import Glibc
public import PmemDevice

/// Owner, group, mode and ACL of the nodes under /dev of enabled namespaces: the kernel creates a node anew for each
/// enable, as root's with mode 0600 (drivers/base/devtmpfs.c:handle_create), and only udev rules change that. A change that
/// disables a namespace and enables it again must not take it from a program that is not root's.
public struct DeviceNodes {
  struct Attributes: Hashable {
    var owner: UInt32
    var group: UInt32
    /// Permissions alone.
    var mode: UInt32
    /// system.posix_acl_access; nil for none.
    var acl: [UInt8]?

    var text: String {
      let digits = String(mode, radix: 8)
      return "\(owner):\(group) \(String(repeating: "0", count: max(0, 4 - digits.count)))\(digits)"
        + (acl == nil ? "" : " with an ACL")
    }
  }

  struct Node: Hashable {
    let name: String
    let isBlock: Bool
    /// Another number is another node.
    let inode: UInt64
    let attributes: Attributes
  }

  /// The node of a namespace, by what stays.
  private struct Key: Hashable {
    let namespace: String
    /// Among the DAX devices of a namespace.
    let number: Int
  }

  private let directory: String
  private let nodes: [Key: Node]
  /// How long udev may take to do it by its rules.
  private static let patience: Duration = .milliseconds(500)

  /// - Parameters:
  ///   - inventory: Of this host.
  ///   - directory: Where nodes are.
  public init(of inventory: Inventory, in directory: String = "/dev") {
    self.directory = directory
    nodes = Self.nodes(inventory, directory)
  }

  /// Gives nodes that were created anew the owner, group, mode and ACL that they had.
  ///
  /// - Parameter inventory: After the change.
  /// - Returns: What was put back, and what could not be, a line each.
  public func restore(in inventory: Inventory) -> [String] {
    guard !nodes.isEmpty else { return [] }
    let start = ContinuousClock.now
    var changed: [(then: Node, now: Node)] = []
    repeat {
      let present = Self.nodes(inventory, directory)
      changed = nodes.compactMap { key, then in
        guard let now = present[key], now.isBlock == then.isBlock, now.inode != then.inode,
          now.attributes != then.attributes
        else { return nil }
        return (then, now)
      }
      guard !changed.isEmpty else { return [] }
      usleep(20_000)
    } while ContinuousClock.now - start < Self.patience
    return changed.sorted { $0.now.name < $1.now.name }.map { change in
      let path = "\(directory)/\(change.now.name)"
      do throws(DeviceError) {
        try Self.put(change.then.attributes, on: path)
        return "\(path) was created anew: put back its owner, group and mode, \(change.then.attributes.text)"
      } catch {
        return "\(path) was created anew, and is \(change.now.attributes.text), not "
          + "\(change.then.attributes.text): \(error.summary)"
      }
    }
  }

  private static func nodes(_ inventory: Inventory, _ directory: String) -> [Key: Node] {
    var nodes: [Key: Node] = [:]
    for namespace in inventory.namespaces where namespace.isEnabled {
      let key = namespace.labelUUID?.description ?? namespace.dev
      let names = namespace.blockDevice.map { [$0] } ?? namespace.daxRegion?.devices.map(\.chardev) ?? []
      for (number, name) in names.enumerated() {
        nodes[Key(namespace: key, number: number)] = node(name, directory)
      }
    }
    return nodes
  }

  /// nil if there is no such node, or if it is something else.
  private static func node(_ name: String, _ directory: String) -> Node? {
    let path = "\(directory)/\(name)"
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else { return nil }
    let kind = status.st_mode & S_IFMT
    guard kind == S_IFBLK || kind == S_IFCHR || directory != "/dev" && kind == S_IFREG else { return nil }
    return Node(
      name: name, isBlock: kind == S_IFBLK, inode: UInt64(status.st_ino),
      attributes: Attributes(
        owner: status.st_uid, group: status.st_gid, mode: status.st_mode & 0o7777, acl: acl(path)))
  }

  private static func acl(_ path: String) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = unsafe bytes.withUnsafeMutableBytes {
      unsafe CPmem_get_acl(path, $0.baseAddress, UInt32($0.count))
    }
    return count > 0 ? Array(bytes.prefix(Int(count))) : nil
  }

  private static func put(_ attributes: Attributes, on path: String) throws(DeviceError) {
    func check(_ errno: Int32) throws(DeviceError) {
      guard errno != 0 else { return }
      throw DeviceError(.failed, NdctlContext.text(errno), errno: errno)
    }
    try check(unsafe lchown(path, attributes.owner, attributes.group) == 0 ? 0 : errno)
    try check(unsafe chmod(path, mode_t(attributes.mode)) == 0 ? 0 : errno)
    if let acl = attributes.acl {
      try check(
        -(unsafe acl.withUnsafeBytes { unsafe CPmem_set_acl(path, $0.baseAddress, UInt32($0.count)) }))
    } else if acl(path) != nil {
      try check(-(unsafe CPmem_set_acl(path, nil, 0)))
    }
  }
}
