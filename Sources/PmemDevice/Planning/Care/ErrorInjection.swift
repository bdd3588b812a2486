/// Plans errors that are injected, for tests of what handles them, and how they are withdrawn.
extension NamespaceStatePlanner {
  /// Makes blocks of a namespace's data unreadable. Real errors: a process that touches them through DAX is killed.
  ///
  /// - Parameters:
  ///   - namespace: Which.
  ///   - extent: Of its data, bytes, in whole blocks of 512.
  ///   - isSilent: Whether only a scrub tells the kernel.
  ///   - injected: What is injected already; nil if its bus has no error injection.
  /// - Returns: The plan.
  /// - Throws: ``DeviceError/Code/unsupported``, ``DeviceError/Code/refused`` if it is in use or has content.
  public func injectErrors(
    _ namespace: Namespace, _ extent: Extent, isSilent: Bool, injected: [Extent]?
  ) throws(DeviceError) -> Plan {
    let blocks = counted(extent.length / 512, "block")
    let title = "inject errors into \(blocks) of \(namespace.title)"
    try checkInjectable(namespace, injected, title)
    guard extent.length > 0, extent.end <= namespace.size.rawValue else {
      throw DeviceError(
        .failed, "cannot \(title): it has \(namespace.size.rawValue / 512) blocks of 512 bytes",
        details: ["nothing was changed"], errno: 22)
    }
    let clearance = try teardownGuard.checkLoss([namespace], verb: "inject errors into", what: nil)
    return Plan(
      title: title,
      entries: [
        Plan.Entry(
          .injectErrors(namespace: namespace.dev, extent, isSilent: isSilent),
          "make \(blocks) of 512 bytes at \(extent.offset) of \(namespace.title) unreadable")
      ],
      warnings: clearance.warnings + (isSilent ? ["the kernel knows of it after the next scrub"] : []),
      isDestructive: true, harmsUsers: clearance.harmsUsers)
  }

  /// Takes injected errors back.
  ///
  /// - Parameters:
  ///   - namespace: Which.
  ///   - extent: Only in this part of its data; nil for all.
  ///   - injected: What is injected; nil if its bus has no error injection.
  /// - Returns: The plan; without steps if nothing is injected there.
  /// - Throws: ``DeviceError/Code/unsupported``.
  public func withdrawErrors(
    _ namespace: Namespace, in extent: Extent?, injected: [Extent]?
  ) throws(DeviceError) -> Plan {
    let title = "withdraw the errors injected into \(namespace.title)"
    try checkInjectable(namespace, injected, title)
    let parts = (injected ?? []).compactMap { extent.map($0.intersection) ?? $0 }
    return Plan(
      title: title,
      entries: parts.map { part in
        Plan.Entry(
          .withdrawErrors(namespace: namespace.dev, part),
          "withdraw the errors in \(counted(part.length / 512, "block")) at \(part.offset) of \(namespace.title)"
        )
      },
      warnings: parts.isEmpty ? ["nothing is injected there"] : [])
  }

  private func checkInjectable(
    _ namespace: Namespace, _ injected: [Extent]?, _ title: String
  ) throws(DeviceError) {
    guard injected != nil else {
      throw DeviceError(
        .unsupported, "cannot \(title): its bus has no error injection",
        details: ["QEMU's, e820's and virtio's have none", "nothing was changed"], errno: 95)
    }
    guard namespace.mode != .sector || !namespace.isEnabled else {
      throw DeviceError(
        .unsupported, "cannot \(title): blocks of a namespace in sector mode move",
        details: ["nothing was changed"], errno: 95)
    }
  }
}
