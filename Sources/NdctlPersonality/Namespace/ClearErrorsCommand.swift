import PmemDevice
import PmemctlCommands

/// `ndctl clear-errors`.
enum ClearErrorsCommand {
  static let command = ToolCommand(
    "clear-errors", "<namespace> [<options>]",
    NamespaceCommands.base + [OptionSpec("s", "scrub", .flag, nil, "search for errors first")], run: run)

  private static func run(_ session: ToolSession) throws -> ReturnCode {
    try NamespaceWalk("clear errors for", "clearing", "cleared", title: "clear errors namespace").run(session)
    {
      tree, region, namespace in
      // Of a BTT only its driver knows which sector a block is.
      guard namespace.mode != .sector else { return NamespaceWalk.Visit(.failed) }
      guard let bus = tree.inventory.bus(of: region), bus.scrubState != nil else {
        session.complain(
          "\(namespace.dev): Unable to determine scrub state: \(ReturnCode.notSupported.text)")
        return NamespaceWalk.Visit(.notSupported)
      }
      if session.options.flag("scrub") {
        let code = try BusCommands.scrub(bus, tree, session)
        guard code == .done else {
          session.complain("\(namespace.dev): Unable to start scrub: \(code.text)")
          return NamespaceWalk.Visit(code)
        }
      }
      let code = session.perform(on: tree) { machine throws(DeviceError) in
        try NamespaceCommands.planner(tree, session.inspector(machine)).clearErrors([namespace])
      }
      if code == .done { try session.answerBadBlocks(of: namespace.dev) }
      return NamespaceWalk.Visit(code)
    }
  }
}

extension ToolSession {
  /// Prints a namespace as it is now, with its bad blocks.
  func answerBadBlocks(of dev: String) throws {
    var selection = ListSelection()
    selection.showsMediaErrors = true
    let objects = DeviceObjects(selection, style: NumberStyle(isHuman: options.flag("human")))
    for region in try devices(.listing).inventory.regions {
      for namespace in region.namespaces where namespace.dev == dev {
        try answer(.object(objects.namespace(namespace, in: region)))
      }
    }
  }
}
