import BackendConformance
import ConformanceStage
import Glibc
import PmemDevice

/// The situations of this machine's kernel, as root in the test VM.
final class KernelStage: ConformanceStage {
  /// The ends of sockets that have a device in their queue, by namespace.
  private var queues: [String: [Int32]] = [:]
  private var hidden: Unseen.Part?
  private var replaced: ConformanceNode?
  private static let copy = "/dev/pmemctl-conformance"

  private func path(_ namespace: Namespace) throws -> String {
    guard let node = namespace.node else { throw ConformanceFailure("\(namespace.dev) has no device") }
    return "/dev/\(node)"
  }

  private func check(_ error: Int32, _ what: String) throws {
    guard error == 0 else { throw ConformanceFailure("cannot \(what): \(String(cString: strerror(error)))") }
  }

  func hold(_ namespace: Namespace) throws {
    var queue: [Int32] = [-1, -1]
    try check(CStage_hold(path(namespace), &queue), "hold \(namespace.dev)")
    queues[namespace.dev] = queue
  }

  func release(_ namespace: Namespace) throws {
    guard let queue = queues.removeValue(forKey: namespace.dev) else { return }
    CStage_release(queue)
  }

  func hide(_ part: Unseen.Part?) throws {
    let change = part ?? hidden
    switch change {
    case .processes: try check(CStage_hide_processes(part == nil ? 0 : 1), "hide processes")
    case .opens: try check(CStage_hide_kernel(part == nil ? 0 : 1), "drop capabilities")
    case .mounts, .pins, .memory, nil: throw ConformanceFailure("only processes and opens can be hidden")
    }
    hidden = part
  }

  func replaceNode(of namespace: Namespace, by node: ConformanceNode, _ other: Namespace) throws {
    let path = try path(namespace)
    if node == .second {
      try check(CStage_copy_node(path, Self.copy), "make a second node")
    } else {
      try check(rename(path, Self.copy) == 0 ? 0 : errno, "rename \(path)")
    }
    replaced = node
    switch node {
    case .file:
      let file = open(path, O_WRONLY | O_CREAT | O_EXCL, 0o600)
      try check(file >= 0 ? 0 : errno, "make \(path)")
      close(file)
    case .link:
      try check(symlink(try self.path(other), path) == 0 ? 0 : errno, "link \(path)")
    case .renamed, .second: break
    }
  }

  func restoreNode(of namespace: Namespace) throws {
    guard let replaced else { return }
    self.replaced = nil
    let path = try path(namespace)
    guard replaced != .second else { return try check(unlink(Self.copy) == 0 ? 0 : errno, "remove a node") }
    try check(rename(Self.copy, path) == 0 ? 0 : errno, "rename it back to \(path)")
  }
}
