public import PmemDevice
import PmemModel

/// Users that no process shows, and restricted views.
extension SimWorkload {
  /// Has the kernel itself open a namespace's device.
  ///
  /// - Parameters:
  ///   - name: A device or a namespace.
  ///   - holder: The holder.
  /// - Throws: `DeviceError.Code.notFound`; `DeviceError.Code.failed` for what is not a namespace's own device.
  public func hold(_ name: String, by holder: SimHolder) throws(DeviceError) {
    let device = try ownDevice(name)
    try change { $0.holders.append(SimView.Holder(kind: holder, device: device)) }
  }

  /// Has the kernel close what ``hold(_:by:)`` opened.
  ///
  /// - Parameters:
  ///   - name: A device or a namespace.
  ///   - holder: The holder that it was opened for.
  /// - Throws: `DeviceError.Code.notFound` if it has not.
  public func release(_ name: String, by holder: SimHolder) throws(DeviceError) {
    let wanted = SimView.Holder(kind: holder, device: try ownDevice(name))
    guard machine.kernel.view.holders.contains(wanted) else {
      throw DeviceError(
        .notFound, "\(holder.rawValue) does not have \(name) open", try: ["pmemctl user list"])
    }
    try change { view in
      if let index = view.holders.firstIndex(of: wanted) { view.holders.remove(at: index) }
    }
  }

  /// Sets what an observer of this machine cannot see.
  ///
  /// - Parameter parts: All that is hidden from now on.
  /// - Throws: The error of writing the machine.
  public func hide(_ parts: Set<Unseen.Part>) throws(DeviceError) { try change { $0.hidden = parts } }

  /// Replaces the node of a namespace's device. It stays so until it is restored, or the machine boots.
  ///
  /// - Parameters:
  ///   - name: A device or a namespace.
  ///   - kind: The replacement.
  ///   - other: Of a link: the device that it leads to, by any name. Of a node with another path: that path, under /dev.
  /// - Throws: `DeviceError.Code.notFound`; `DeviceError.Code.usage` if `other` is not what `kind` needs;
  ///   `DeviceError.Code.failed` if the path exists.
  public func replaceNode(
    of name: String, by kind: SimNode, _ other: String? = nil
  ) throws(DeviceError) {
    let device = try ownDevice(name)
    guard SimUsage(machine.kernel).node(device) != nil else {
      throw DeviceError(.failed, "\(name) has no node: it is disabled", errno: 6)
    }
    var node = SimView.Node(kind: kind, device: device)
    switch kind {
    case .file:
      guard other == nil else { throw DeviceError(.usage, "a regular file leads to no other device or path") }
    case .link:
      guard let other else { throw DeviceError(.usage, "a link needs the device that it leads to") }
      node.target = try ownDevice(other)
      guard node.target != device else { throw DeviceError(.usage, "\(name) cannot be a link to itself") }
    case .renamed, .second:
      guard let other, other.hasPrefix("/dev/"), !other.utf8.contains(0), other.utf8.count < 4096 else {
        throw DeviceError(.usage, "a node with another path needs that path, under /dev")
      }
      guard (try? volume(other)) == nil else {
        throw DeviceError(.failed, "\(other) is a device already", errno: 17)
      }
      node.path = other
    }
    let added = node
    try change { view in
      view.nodes.removeAll { $0.device == device }
      view.nodes.append(added)
    }
  }

  /// Gives a device the node back that the kernel made.
  ///
  /// - Parameter name: A device or a namespace.
  /// - Throws: `DeviceError.Code.notFound` if its node is what it should be.
  public func restoreNode(of name: String) throws(DeviceError) {
    let device = try ownDevice(name)
    guard machine.kernel.view.nodes.contains(where: { $0.device == device }) else {
      throw DeviceError(.notFound, "the node of \(name) was not replaced")
    }
    try change { $0.nodes.removeAll { $0.device == device } }
  }

  /// The target of a path under /dev if a node was replaced.
  ///
  /// - Parameter path: Any name.
  /// - Returns: nil if that node is not changed.
  /// - Throws: `DeviceError.Code.notFound` and `DeviceError.Code.failed` if the path leads to no device.
  func changedNode(_ path: String) throws(DeviceError) -> Volume? {
    guard path.hasPrefix("/dev/") else { return nil }
    for node in machine.kernel.view.nodes {
      if node.path == path { return .device(node.device) }
      guard node.kind != .second, SimUsage(machine.kernel).node(node.device).map({ "/dev/\($0)" }) == path
      else { continue }
      if let target = node.target { return .device(target) }
      throw node.kind == .file
        ? DeviceError(.failed, "\(path) is a regular file, not a device", errno: 15)
        : DeviceError(.notFound, "there is no device \(path)", errno: 2)
    }
    return nil
  }

  private func change(_ body: (inout SimView) -> Void) throws(DeviceError) {
    try SimMachine.rethrowing { try machine.change { kernel in body(&kernel.view) } }
  }

  private func ownDevice(_ name: String) throws(DeviceError) -> DeviceID {
    guard case .device(let device) = try volume(name) else {
      throw DeviceError(.failed, "\(name) is not a namespace's own device", errno: 22)
    }
    return device
  }
}
