import PmemDevice

/// The commands that take namespaces.
enum NamespaceCommands {
  static let all =
    [
      ToolCommand("enable-namespace", "<namespace> [<options>]", base, run: enable),
      ToolCommand("disable-namespace", "<namespace> [<options>]", base, run: disable),
      ToolCommand(
        "destroy-namespace", "<namespace> [<options>]",
        base + [OptionSpec("f", "force", .flag, nil, "also if it is enabled")], run: destroy),
    ] + [
      CreateCommand.command, CheckCommand.command, ClearErrorsCommand.command, ReadInfoBlockCommand.command,
      WriteInfoBlockCommand.command, InjectErrorCommand.command,
    ]

  static let base = [
    OptionSpec("b", "bus", .text, "bus-id", "only on this bus"),
    OptionSpec("r", "region", .text, "region-id", "only on this region"),
    OptionSpec("v", "verbose", .flag, nil, "print debug messages of the library"),
  ]

  private static func enable(_ session: ToolSession) throws -> ReturnCode {
    try NamespaceWalk("enable", "enabling", "enabled", title: "enable namespace").run(session) {
      tree, _, namespace in
      NamespaceWalk.Visit(
        session.perform(on: tree) { machine throws(DeviceError) in
          try planner(tree, session.inspector(machine)).enable([namespace])
        })
    }
  }

  private static func disable(_ session: ToolSession) throws -> ReturnCode {
    try NamespaceWalk("disable", "disabling", "disabled", title: "disable namespace").run(session) {
      tree, _, namespace in
      NamespaceWalk.Visit(
        session.perform(on: tree) { machine throws(DeviceError) in
          try planner(tree, session.inspector(machine)).disable([namespace])
        })
    }
  }

  /// Without `--force` only what is enabled is refused: content does not protect itself here.
  private static func destroy(_ session: ToolSession) throws -> ReturnCode {
    try NamespaceWalk("destroy", "destroying", "destroyed", title: "destroy namespace").run(session) {
      tree, region, namespace in
      if let refused = Reconfiguration.refusal(of: namespace, in: region, session) { return refused }
      guard !namespace.isSeed else {
        session.complain(
          "destroy namespace: \(namespace.dev) failed to enable for zeroing, continuing")
        return NamespaceWalk.Visit(.done, isExplained: true)
      }
      let isBlank = try !region.isLabeled && Reconfiguration.beginsWithZeros(namespace, session)
      let code = session.perform(on: tree) { machine throws(DeviceError) in
        let planner = planner(tree, session.inspector(machine))
        // Nothing to overwrite: it is disabled, as ndctl leaves it.
        return isBlank ? try planner.disable([namespace]) : try planner.destroy([namespace], force: true)
      }
      return NamespaceWalk.Visit(code == .done && isBlank ? .skipped : code)
    }
  }

  /// No content is looked for.
  static func planner(_ tree: DeviceTree, _ inspector: any UsageInspector) -> NamespaceStatePlanner {
    NamespaceStatePlanner(tree.inventory, inspector: inspector, contents: nil)
  }
}
