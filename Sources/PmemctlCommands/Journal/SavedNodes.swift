import PmemDevice
import PmemNdctl
import PmemOutput

/// Device nodes as a change found them, in case it is interrupted: for one boot, because the next creates all of them
/// again.
struct SavedNodes: Hashable {
  /// /proc/sys/kernel/random/boot_id then.
  var boot: String
  var nodes: [DeviceNode]

  /// - Parameter nodes: Of this host, now.
  init?(_ nodes: [DeviceNode]) {
    guard let boot = Self.boot, !nodes.isEmpty else { return nil }
    self.boot = boot
    self.nodes = nodes
  }

  var isOfThisBoot: Bool { boot == Self.boot }

  private static var boot: String? {
    guard let bytes = try? InputFile.read("/proc/sys/kernel/random/boot_id") else { return nil }
    return String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
  }

  // MARK: JSON

  var json: JSONObject {
    var object = JSONObject()
    object.add("boot", boot)
    object.add("nodes", nodes.map { .object(Self.json($0)) })
    return object
  }

  private static func json(_ node: DeviceNode) -> JSONObject {
    var settings = JSONObject()
    for (name, value) in node.settings.sorted(by: { $0.key < $1.key }) { settings.add(name, value) }
    var object = JSONObject()
    object.add("namespace", node.namespace)
    object.add("number", node.number)
    object.add("name", node.name)
    object.add("block", node.isBlock)
    object.add("inode", node.inode)
    object.add("owner", UInt64(node.attributes.owner))
    object.add("group", UInt64(node.attributes.group))
    object.add("mode", UInt64(node.attributes.mode))
    if let acl = node.attributes.acl { object.add("acl", Hexadecimal.text(acl)) }
    object.add("settings", .object(settings))
    return object
  }

  /// Reads an object at a path of the file, which errors name.
  init(_ object: JSONObject, at path: String) throws(UndoFormatError) {
    guard let boot = object["boot"]?.string, let nodes = object["nodes"]?.array else {
      throw UndoFormatError("device nodes cannot be read", at: path)
    }
    self.boot = boot
    self.nodes = []
    for (index, json) in nodes.enumerated() {
      guard let node = Self.node(json.object ?? JSONObject()) else {
        throw UndoFormatError("a device node cannot be read", at: path + ".nodes[\(index)]")
      }
      self.nodes.append(node)
    }
  }

  private static func node(_ object: JSONObject) -> DeviceNode? {
    func number(_ key: String) -> UInt32? { object[key]?.unsigned.flatMap(UInt32.init(exactly:)) }
    guard let namespace = object["namespace"]?.string, let value = number("number"),
      let name = object["name"]?.string, !name.contains("/"), let isBlock = object["block"]?.boolean,
      let inode = object["inode"]?.unsigned, let owner = number("owner"), let group = number("group"),
      let mode = number("mode"), mode <= 0o7777
    else { return nil }
    let acl = object["acl"]?.string.map(Hexadecimal.bytes)
    if case .some(.none) = acl { return nil }
    var settings: [String: String] = [:]
    for member in object["settings"]?.object?.members ?? [] { settings[member.key] = member.value.string }
    return DeviceNode(
      namespace: namespace, number: Int(value), name: name, isBlock: isBlock, inode: inode,
      attributes: DeviceNode.Attributes(owner: owner, group: group, mode: mode, acl: acl ?? nil),
      settings: settings)
  }
}
