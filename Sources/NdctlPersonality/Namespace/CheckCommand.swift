import PmemDevice
import PmemctlCommands
import PmemMedia

/// `ndctl check-namespace`: the metadata of a namespace in sector mode.
enum CheckCommand {
  static let command = ToolCommand(
    "check-namespace", "<namespace> [<options>]",
    NamespaceCommands.base + [
      OptionSpec("R", "repair", .flag, nil, "repair what can be repaired"),
      OptionSpec("L", "rewrite-log", .flag, nil, "also rewrite the log"),
      OptionSpec("f", "force", .flag, nil, "also if it is enabled"),
    ], run: run)

  private static func run(_ session: ToolSession) throws -> ReturnCode {
    try NamespaceWalk("check", "checking", "checked", title: "check namespace").run(session) {
      tree, _, namespace in
      let repairs = session.options.flag("repair")
      guard repairs || !session.options.flag("rewrite-log") else {
        report(namespace, "--rewrite-log also requires --repair", session)
        return NamespaceWalk.Visit(.invalid)
      }
      guard namespace.isEnabled else { return try NamespaceWalk.Visit(check(namespace, tree, session)) }
      guard session.options.flag("force") else {
        report(namespace, "\(namespace.dev): check aborted, namespace online", session)
        return NamespaceWalk.Visit(.busy)
      }
      let off = session.perform(on: tree) { machine throws(DeviceError) in
        try NamespaceCommands.planner(tree, session.inspector(machine)).disable([namespace])
      }
      guard off == .done else { return NamespaceWalk.Visit(off) }
      let now = try session.devices(.planning, forWriting: true)
      let disabled = now.inventory.namespaces.first { $0.dev == namespace.dev } ?? namespace
      let code = try check(disabled, now, session)
      let after = try session.devices(.planning, forWriting: true)
      let on = session.perform(on: after) { machine throws(DeviceError) in
        try NamespaceCommands.planner(after, session.inspector(machine)).enable(
          after.inventory.namespaces.filter { $0.dev == namespace.dev })
      }
      if on != .done { report(namespace, "\(namespace.dev): failed to re-enable namespace", session) }
      return NamespaceWalk.Visit(code)
    }
  }

  /// As ndctl's messages begin.
  private static func report(_ namespace: Namespace, _ text: String, _ session: ToolSession) {
    session.note("\(namespace.dev): namespace_check: \(text)")
  }

  private static func check(
    _ namespace: Namespace, _ tree: DeviceTree, _ session: ToolSession
  ) throws -> ReturnCode {
    let backend = try session.machine(forWriting: true).backend
    let result: BttCheck
    do throws(DeviceError) {
      result = try backend.withRawMedia(of: namespace.dev, forWriting: false) { raw throws(DeviceError) in
        try BttCheck(
          raw, label: namespace.labelUUID, rewritesLog: session.options.flag("rewrite-log"))
      }
    } catch {
      guard error.code == .notFound else { return session.report(error) }
      report(namespace, "Unable to recover any BTT info blocks", session)
      report(namespace, "This may not be a sector mode namespace", session)
      return .noDeviceOrAddress
    }
    let repairs = session.options.flag("repair")
    let damage = result.findings.filter(\.isSerious)
    guard repairs, !result.repairs.isEmpty else {
      for finding in damage { report(namespace, text(of: finding, result), session) }
      if !damage.isEmpty, damage.allSatisfy({ $0.repair != nil }) {
        report(namespace, "  Run with --repair to make the changes", session)
      }
      return damage.isEmpty ? .done : ReturnCode(value: -5)
    }
    let plan = Plan(
      title: "repair \(namespace.title)",
      entries: result.repairs.map { repair in
        Plan.Entry(
          .write(namespace: namespace.dev, bytes: repair.bytes, offset: repair.offset), repair.text)
      },
      saves: result.repairs.map { repair in
        .bytes(
          namespace: namespace.dev, Extent(offset: repair.offset, length: UInt64(repair.bytes.count)))
      }, isDestructive: true)
    let code = session.perform(on: tree) { _ throws(DeviceError) in plan }
    for finding in damage where finding.repair == nil {
      report(namespace, text(of: finding, result), session)
    }
    return code == .done && damage.contains { $0.repair == nil } ? ReturnCode(value: -5) : code
  }

  /// With the words that scripts look for.
  private static func text(of finding: BttCheck.Finding, _ result: BttCheck) -> String {
    switch finding.part {
    case .infoBlock(let offset):
      "BTT info block at offset \(offset == 0 ? "0" : "0x" + String(offset, radix: 16)) needs to be restored"
    case .infoBlockCopy(let arena): "Arena \(arena): BTT info2 needs to be restored"
    case .contents(let arena):
      "arena \(arena): bitmap error: internal blocks are incorrectly referenced (\(finding.text))"
    }
  }
}
