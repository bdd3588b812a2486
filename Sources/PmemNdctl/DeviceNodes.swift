import CPmemShims
import Glibc
public import PmemDevice

/// The nodes under /dev of enabled namespaces, and the settings of their block devices: the kernel creates both again
/// for each enable, the node as root's with mode 0600 (drivers/base/devtmpfs.c:handle_create), and only udev rules
/// change that. A change that disables a namespace and enables it again must neither revoke another user's access to
/// it, nor make a read-only device writable.
public struct DeviceNodes {
  /// As they were.
  public let saved: [DeviceNode]
  private let directory: String
  private let settings: BlockSettings
  /// How long udev may take to do it by its rules.
  private static let patience: Duration = .milliseconds(500)

  /// - Parameters:
  ///   - inventory: Of this host.
  ///   - directory: The directory of nodes.
  ///   - blocks: The kernel's directory of block devices.
  public init(
    of inventory: Inventory, in directory: String = "/dev", blocks: String = "/sys/class/block"
  ) {
    self.init(Self.nodes(inventory, directory, BlockSettings(directory: blocks)), directory, blocks)
  }

  /// - Parameter saved: As they were, in this boot.
  public init(_ saved: [DeviceNode]) { self.init(saved, "/dev", "/sys/class/block") }

  private init(_ saved: [DeviceNode], _ directory: String, _ blocks: String) {
    self.saved = saved
    self.directory = directory
    settings = BlockSettings(directory: blocks)
  }

  /// Restores the settings of devices that were created again.
  ///
  /// - Parameter inventory: After the change.
  /// - Returns: The settings restored, and those that could not be, a line each.
  public func restore(in inventory: Inventory) -> [String] {
    guard !saved.isEmpty else { return [] }
    let start = ContinuousClock.now
    var changed: [(then: DeviceNode, now: DeviceNode)] = []
    repeat {
      let present = Self.nodes(inventory, directory, settings)
      changed = saved.compactMap { then in
        guard
          let now = present.first(where: { $0.namespace == then.namespace && $0.number == then.number }),
          now.inode != then.inode
        else { return nil }
        return (then, now)
      }
      guard changed.contains(where: { $0.now.attributes != $0.then.attributes }) else { break }
      usleep(20_000)
    } while ContinuousClock.now - start < Self.patience
    return changed.sorted { $0.now.name < $1.now.name }
      .flatMap { putAttributes($0.then, $0.now) + putSettings($0.then, $0.now) }
  }

  private func putAttributes(_ then: DeviceNode, _ now: DeviceNode) -> [String] {
    guard now.attributes != then.attributes else { return [] }
    let path = "\(directory)/\(now.name)"
    let kept = then.attributes.text
    // Who may use a device of one kind need not be who may use one of the other.
    guard now.isBlock == then.isBlock else {
      return ["\(path) was created again, and is \(now.attributes.text); \(then.name) was \(kept)"]
    }
    do throws(DeviceError) {
      try Self.put(then.attributes, on: path)
      return ["\(path) was created again: restored its owner, group and mode, \(kept)"]
    } catch {
      return ["\(path) was created again, and is \(now.attributes.text), not \(kept): \(error.summary)"]
    }
  }

  private func putSettings(_ then: DeviceNode, _ now: DeviceNode) -> [String] {
    guard now.isBlock, then.isBlock else { return [] }
    let path = "\(directory)/\(now.name)"
    return then.settings.filter { now.settings[$0.key] ?? $0.value != $0.value }
      .sorted { $0.key < $1.key }.map { name, value in
        let isNow = now.settings[name] ?? ""
        do throws(DeviceError) {
          try settings.put(name, value, on: now.name, path)
          return "\(path) was created again: restored \(name), \(value)"
        } catch {
          return "\(path) was created again, and its \(name) is \(isNow), not \(value): \(error.summary)"
        }
      }
  }

  private static func nodes(
    _ inventory: Inventory, _ directory: String, _ settings: BlockSettings
  ) -> [DeviceNode] {
    inventory.namespaces.filter(\.isEnabled).flatMap { namespace -> [DeviceNode] in
      let key = namespace.labelUUID?.description ?? namespace.dev
      let names = namespace.blockDevice.map { [$0] } ?? namespace.daxRegion?.devices.map(\.chardev) ?? []
      return names.enumerated().compactMap { node($1, of: key, $0, directory, settings) }
    }
  }

  /// nil if there is no such node, or if it is something else.
  private static func node(
    _ name: String, of namespace: String, _ number: Int, _ directory: String, _ settings: BlockSettings
  ) -> DeviceNode? {
    let path = "\(directory)/\(name)"
    var status = stat()
    guard unsafe lstat(path, &status) == 0 else { return nil }
    let kind = status.st_mode & S_IFMT
    guard kind == S_IFBLK || kind == S_IFCHR || directory != "/dev" && kind == S_IFREG else { return nil }
    return DeviceNode(
      namespace: namespace, number: number, name: name, isBlock: kind == S_IFBLK,
      inode: UInt64(status.st_ino),
      attributes: DeviceNode.Attributes(
        owner: status.st_uid, group: status.st_gid, mode: status.st_mode & 0o7777, acl: acl(path)),
      settings: kind == S_IFBLK ? settings.read(name) : [:])
  }

  private static func acl(_ path: String) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = unsafe bytes.withUnsafeMutableBytes {
      unsafe CPmem_get_acl(path, $0.baseAddress, UInt32($0.count))
    }
    return count > 0 ? Array(bytes.prefix(Int(count))) : nil
  }

  private static func put(_ attributes: DeviceNode.Attributes, on path: String) throws(DeviceError) {
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
