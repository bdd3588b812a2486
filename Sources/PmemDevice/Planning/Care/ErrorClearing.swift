/// Plans how bad blocks of namespaces are made good.
extension NamespaceStatePlanner {
  /// The content of bad blocks is lost already; the platform makes them readable, nothing else is touched. The
  /// namespaces are disabled meanwhile, so they must be unused (bus.c:nd_cmd_clear_to_send refuses otherwise).
  ///
  /// - Parameter namespaces: Which; those without bad blocks are left alone.
  /// - Returns: The plan; without steps if there is nothing to clear.
  /// - Throws: ``DeviceError/Code/unsupported`` if the bus has no command for it, ``DeviceError/Code/permission`` if
  ///   addresses may not be read, ``DeviceError/Code/refused`` if a namespace is in use.
  public func clearErrors(_ namespaces: [Namespace]) throws(DeviceError) -> Plan {
    let title = "clear the errors of \(Self.count(namespaces))"
    var bad: [(namespace: Namespace, extents: [Extent])] = []
    for namespace in namespaces {
      guard let region = inventory.region(of: namespace) else { continue }
      guard let extents = region.badBlocks(of: namespace) else {
        throw DeviceError(.permission, "cannot \(title): only root may read the addresses of its blocks")
      }
      guard !extents.isEmpty else { continue }
      guard let bus = inventory.bus(of: region), bus.canClearErrors else {
        throw DeviceError(
          .unsupported, "cannot \(title): the platform has no command that clears errors",
          details: [
            "\(namespace.title) has \(Self.blocks(extents))",
            "the bus of \(region.dev) cannot; overwriting a bad block may clear it, if the memory is",
          ], errno: 95)
      }
      bad.append((namespace, extents))
    }
    let clearance = try teardownGuard.check(bad.map(\.namespace), verb: "clear the errors of", what: nil)
    return Plan(
      title: title,
      entries: bad.flatMap { namespace, extents in
        Self.detaching(namespace) + extents.map { Self.clearing(namespace, $0) }
          + (namespace.isEnabled ? [Self.enabling(namespace)] : [])
      },
      warnings: clearance.warnings
        + namespaces.filter { namespace in !bad.contains { $0.namespace.dev == namespace.dev } }
        .map { "\($0.title) has no bad blocks" },
      isDestructive: clearance.harmsUsers, harmsUsers: clearance.harmsUsers)
  }

  private static func clearing(_ namespace: Namespace, _ extent: Extent) -> Plan.Entry {
    Plan.Entry(
      .clearErrors(namespace: namespace.dev, extent),
      "clear \(blocks([extent])) at \(extent.offset) of \(namespace.title); their content is lost already")
  }

  private static func blocks(_ extents: [Extent]) -> String {
    let count = extents.reduce(0) { $0 + $1.length } / 512
    return "\(counted(count, "bad block")) of 512 bytes"
  }
}
