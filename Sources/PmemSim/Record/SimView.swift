import PmemDevice
import PmemModel

/// Opens of devices of a simulated machine inside its kernel, and the restrictions of an observer: as from a container,
/// without capabilities or under lockdown. A boot discards it.
struct SimView: Hashable {
  struct Holder: Hashable {
    var kind: SimHolder
    var device: DeviceID
  }

  /// A node under /dev that is not the device of its name.
  struct Node: Hashable {
    var kind: SimNode
    /// Whose node it should be, or is.
    var device: DeviceID
    /// Of ``SimNode/link``: the device that the name leads to.
    var target: DeviceID?
    /// Of ``SimNode/renamed`` and ``SimNode/second``: the other path.
    var path: String?
  }

  var holders: [Holder] = []
  /// Parts that cannot be seen.
  var hidden: Set<Unseen.Part> = []
  /// One for each device at most; all others have the nodes that the kernel makes (drivers/base/devtmpfs.c).
  var nodes: [Node] = []

  static let kinds = ["holder", "view", "node"]

  // MARK: Lines of the state file

  var lines: [RecordLine] {
    var lines = holders.map { holder in
      var line = RecordLine("holder")
      line.add("kind", holder.kind.rawValue)
      line.add("region", holder.device.region)
      line.add("id", holder.device.namespace)
      return line
    }
    for part in hidden.sorted(by: { $0.rawValue < $1.rawValue }) {
      var line = RecordLine("view")
      line.add("hides", part.rawValue)
      lines.append(line)
    }
    return lines + nodes.map(Self.line)
  }

  private static func line(_ node: Node) -> RecordLine {
    var line = RecordLine("node")
    line.add("kind", node.kind.rawValue)
    line.add("region", node.device.region)
    line.add("id", node.device.namespace)
    if let target = node.target {
      line.add("target-region", target.region)
      line.add("target-id", target.namespace)
    }
    if let path = node.path { line.add("path", path) }
    return line
  }

  mutating func read(_ line: RecordLine, regions: Int, _ file: String) throws(DeviceError) {
    if line.kind == "view" {
      guard let part = line["hides"].flatMap(Unseen.Part.init(rawValue:)) else {
        throw DeviceError(.corrupt, "\(file), line \(line.number): the view is not known")
      }
      hidden.insert(part)
      return
    }
    guard regions > 0 else {
      throw DeviceError(.corrupt, "\(file), line \(line.number): the machine has no regions")
    }
    let device = DeviceID(
      region: try line.integer("region", in: 0...(regions - 1), file: file),
      namespace: try line.integer("id", in: 0...1_000_000, file: file))
    if line.kind == "node" { return nodes.append(try Self.node(line, device, regions: regions, file)) }
    guard let kind = line["kind"].flatMap(SimHolder.init(rawValue:)) else {
      throw DeviceError(.corrupt, "\(file), line \(line.number): the holder is not known")
    }
    holders.append(Holder(kind: kind, device: device))
  }

  private static func node(
    _ line: RecordLine, _ device: DeviceID, regions: Int, _ file: String
  ) throws(DeviceError) -> Node {
    guard let kind = line["kind"].flatMap(SimNode.init(rawValue:)) else {
      throw DeviceError(.corrupt, "\(file), line \(line.number): the node is not known")
    }
    var node = Node(kind: kind, device: device)
    switch kind {
    case .file: break
    case .link:
      node.target = DeviceID(
        region: try line.integer("target-region", in: 0...(regions - 1), file: file),
        namespace: try line.integer("target-id", in: 0...1_000_000, file: file))
    case .renamed, .second:
      guard let path = line["path"], path.hasPrefix("/dev/") else {
        throw DeviceError(.corrupt, "\(file), line \(line.number): the node has no path under /dev")
      }
      node.path = path
    }
    return node
  }
}

/// Who has a device open inside the kernel, with no process that shows it.
public enum SimHolder: String, CaseIterable, Hashable, Sendable {
  /// NVMe over fabrics, named by configfs.
  case nvmet
  /// A SCSI target, named by configfs.
  case lio
  case zram
  /// Unnamed: only the device's own count shows it.
  case unseen
}

/// How the node of a device under /dev can be something else than the kernel made it.
public enum SimNode: String, CaseIterable, Hashable, Sendable {
  /// A regular file has its name; the node itself was removed.
  case file
  /// A symbolic link to another device's node has its name; the node itself was removed.
  case link
  /// It has another path.
  case renamed
  /// There is another one for the same device, at another path.
  case second
}

extension SimView {
  /// - Parameter namespaces: That are asked about.
  /// - Returns: The users that cannot be seen.
  func missing(of namespaces: [Namespace]) -> [Unseen] {
    let names = namespaces.filter(\.isEnabled).map(\.dev)
    return Unseen.Part.allCases.filter(hidden.contains).map { part in
      let remedy = "pmemctl sim view --all"
      return switch part {
      case .processes:
        Unseen(.processes, "processes outside this PID namespace cannot be seen", remedy: remedy)
      case .mounts: Unseen(.mounts, "mounts of other mount namespaces cannot be seen", remedy: remedy)
      case .opens:
        Unseen(
          .opens, "whether anything unseen has it open could not be determined: this process has no CAP_BPF",
          remedy: remedy, of: names, isDecisive: !names.isEmpty)
      case .pins:
        Unseen(
          .pins, "whether memory is pinned for DMA could not be determined: this process has no CAP_BPF",
          remedy: remedy, of: names, isDecisive: !names.isEmpty)
      case .memory:
        Unseen(
          .memory, "whether memory is online could not be determined: memory blocks cannot be seen",
          remedy: remedy, of: names, isDecisive: !names.isEmpty)
      }
    }
  }
}
