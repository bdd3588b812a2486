import PmemDevice

// Users that no process shows, hosts that are not seen whole, and nodes that are not what their names promise.
extension ConformanceCase {
  static let unseen: [ConformanceCase] = [
    ConformanceCase("a device that is open with no process is in use until it is closed") {
      machine in
      for mode in NamespaceMode.allCases {
        let namespace = try machine.create(mode, mebibytes: 64)
        try machine.expectUsers([], of: namespace)
        try machine.stage.hold(namespace)
        try machine.expectUsers([.unseen], of: namespace)
        try machine.expectEqual(
          try machine.usage(of: namespace).uses.map(\.opens), [1], "how often \(mode) is open unseen")
        try machine.expectCode(.refused, of: namespace)
        try machine.stage.release(namespace)
        try machine.expectUsers([], of: namespace)
        try machine.perform(.disable(namespace: namespace.dev))
      }
    },
    ConformanceCase("a count is believed if no processes are seen") { machine in
      let namespace = try machine.create(.fsdax, mebibytes: 64)
      try machine.stage.hold(namespace)
      try machine.hiding(.processes) {
        try machine.expectEqual(
          try machine.usage(of: namespace).missing.map(\.part), [.processes], "what is missing")
        try machine.expectUsers([.unseen], of: namespace)
        try machine.expectCode(.refused, of: namespace)
        try machine.stage.release(namespace)
        try machine.expectUsers([], of: namespace)
        try machine.expectCode(nil, of: namespace)
      }
    },
    ConformanceCase("if counts cannot be read, nothing is disabled") { machine in
      for mode in [NamespaceMode.fsdax, .devdax] {
        let namespace = try machine.create(mode, mebibytes: 64)
        try machine.hiding(.opens) {
          let missing = try machine.usage(of: namespace).missing
          try machine.expect(
            missing.contains { $0.part == .opens && $0.isDecisive && $0.remedy != nil },
            "\(mode): missing are \(missing.map(\.reason))")
          try machine.expectCode(.permission, of: namespace)
        }
        try machine.expectCode(nil, of: namespace)
      }
    },
    ConformanceCase("a node that is something else hides neither users nor content") {
      machine in
      let namespace = try machine.create(.raw, mebibytes: 64)
      let other = try machine.create(.raw, mebibytes: 64)
      let bytes = (0..<4096).map { UInt8(truncatingIfNeeded: $0 &* 13) }
      try machine.perform(.disable(namespace: namespace.dev))
      try machine.perform(.write(namespace: namespace.dev, bytes: bytes, offset: 0))
      try machine.perform(.enable(namespace: namespace.dev))
      let enabled = try machine.namespace(namespace.dev)
      for node in ConformanceNode.allCases {
        try machine.stage.hold(enabled)
        try machine.stage.replaceNode(of: enabled, by: node, other)
        let read = Result {
          try machine.backend.withContent(of: enabled) { content throws(DeviceError) in
            try content.read(at: 0, count: bytes.count)
          }
        }
        let users = Result { try machine.usage(of: enabled).uses.map(\.kind) }
        try machine.stage.restoreNode(of: enabled)
        try machine.stage.release(enabled)
        try machine.expect(try read.get() == bytes, "\(node): the content is another")
        try machine.expectEqual(try users.get(), [.unseen], "\(node): users")
        try machine.expectUsers([], of: enabled)
        try machine.expectUsers([], of: other)
      }
    },
  ]
}

extension ConformanceMachine {
  fileprivate func usage(of namespace: Namespace) throws -> UsageReport {
    try backend.usage(of: [namespace], in: inventory())
  }

  fileprivate func expectUsers(_ kinds: [Usage.Kind], of namespace: Namespace) throws {
    try expectEqual(try usage(of: namespace).uses.map(\.kind), kinds, "users of \(namespace.mode)")
  }

  /// Expects what a plan to disable a namespace is refused with; nil for not at all.
  fileprivate func expectCode(_ code: DeviceError.Code?, of namespace: Namespace) throws {
    var refusal: DeviceError.Code?
    do throws(DeviceError) {
      let planner = try NamespaceStatePlanner(readInventory(), inspector: backend, contents: nil)
      _ = try planner.disable([namespace])
    } catch { refusal = error.code }
    try expectEqual(refusal, code, "the refusal to disable \(namespace.mode)")
  }

  private func readInventory() throws(DeviceError) -> Inventory { try backend.inventory(.planning) }

  fileprivate func hiding(_ part: Unseen.Part, _ body: () throws -> Void) throws {
    try stage.hide(part)
    let result = Result { try body() }
    try stage.hide(nil)
    try result.get()
  }
}
