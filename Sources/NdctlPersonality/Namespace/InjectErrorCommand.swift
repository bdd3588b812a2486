import PmemDevice
import PmemctlCommands

/// `ndctl inject-error`.
enum InjectErrorCommand {
  static let command = ToolCommand(
    "inject-error", "<namespace> [<options>]",
    NamespaceCommands.base + [
      OptionSpec("B", "block", .text, "namespace block offset", "first block of 512 bytes"),
      OptionSpec("n", "count", .text, "count", "how many"),
      OptionSpec("d", "uninject", .flag, nil, "remove them"),
      OptionSpec("t", "status", .flag, nil, "list them"),
      OptionSpec("N", "no-notify", .flag, nil, "without notification"),
      OptionSpec("S", "saturate", .flag, nil, "saturate each block, which is always done"),
      OptionSpec("u", "human", .flag, nil, "human-readable numbers"),
    ], run: run)

  private enum Operation {
    case inject(Extent)
    case withdraw(Extent)
    case list
  }

  private static func run(_ session: ToolSession) throws -> ReturnCode {
    let options = session.options
    guard let operation = operation(session) else { return .invalid }
    if options.names.isEmpty { session.complain("specify a namespace to inject error to") }
    for name in options.names.dropFirst() { session.complain("unknown extra parameter \"\(name)\"") }
    guard options.names.count == 1 else { throw session.misused() }
    let tree = try session.devices(.planning, forWriting: true)
    guard let namespace = NamespaceWalk.targets(options.names[0], tree, session).first,
      let region = tree.inventory.region(of: namespace), let bus = tree.inventory.bus(of: region)
    else {
      session.complain("\(options.names[0]): no such namespace")
      return .noDeviceOrAddress
    }
    let injected: [Extent]?
    do throws(DeviceError) {
      injected = try session.machine(forWriting: true).backend.injectedErrors(of: [namespace])[0]
    } catch {
      return failed("get injection status", session.report(error), session)
    }
    guard let injected else {
      session.note("\(namespace.dev): error injection not supported")
      return .notSupported
    }
    switch operation {
    case .list: return try list(injected, session)
    case .inject(let extent): return try inject(extent, into: namespace, bus, injected, tree, session)
    case .withdraw(let extent): return try withdraw(extent, from: namespace, injected, tree, session)
    }
  }

  /// - Returns: nil after a complaint.
  private static func operation(_ session: ToolSession) -> Operation? {
    let options = session.options
    if options.flag("status") {
      guard !options.flag("uninject"), options.text("block") == nil, options.text("count") == nil,
        !options.flag("saturate")
      else {
        session.complain("status is invalid with inject or uninject")
        return nil
      }
      return .list
    }
    var numbers: [UInt64] = []
    for name in ["block", "count"] {
      guard let text = options.text(name) else { continue }
      guard let number = SizeText(text)?.bytes else {
        session.complain("Invalid \(name): \(text)")
        return nil
      }
      numbers.append(number)
    }
    guard numbers.count == 2 else {
      session.complain("block and count required for inject/uninject")
      return nil
    }
    let (offset, overflows) = numbers[0].multipliedReportingOverflow(by: 512)
    let (length, isTooLong) = numbers[1].multipliedReportingOverflow(by: 512)
    // Beyond the end of whatever namespace.
    let isBeyond = overflows || isTooLong || offset.addingReportingOverflow(length).overflow
    let extent = isBeyond ? Extent(offset: 1 << 62, length: 512) : Extent(offset: offset, length: length)
    return options.flag("uninject") ? .withdraw(extent) : .inject(extent)
  }

  private static func failed(_ what: String, _ code: ReturnCode, _ session: ToolSession) -> ReturnCode {
    session.note("Unable to \(what): \(code.text) (\(code.value))")
    return code
  }

  private static func list(_ injected: [Extent], _ session: ToolSession) throws -> ReturnCode {
    guard !injected.isEmpty else { return .done }
    let style = NumberStyle(isHuman: session.options.flag("human"))
    var object = LibraryObject()
    object.add(
      "badblocks",
      .array(
        injected.map { extent in
          var item = LibraryObject()
          item.add("block", style.identifier(extent.offset / 512))
          item.add("count", style.identifier(extent.length / 512))
          return .object(item)
        }))
    try session.answer(.object(object))
    return .done
  }

  private static func inject(
    _ extent: Extent, into namespace: Namespace, _ bus: Bus, _ injected: [Extent], _ tree: DeviceTree,
    _ session: ToolSession
  ) throws -> ReturnCode {
    let isSilent = session.options.flag("no-notify")
    let before = try session.machine(forWriting: true).backend.scrubs(of: [bus])[0].completed
    let code = session.perform(on: tree) { machine throws(DeviceError) in
      try NamespaceCommands.planner(tree, session.inspector(machine)).injectErrors(
        namespace, extent, isSilent: isSilent, injected: injected)
    }
    guard code == .done else { return failed("inject error", code, session) }
    if !isSilent { try waitForScrub(of: bus, since: before, session) }
    try session.answerBadBlocks(of: namespace.dev)
    return .done
  }

  /// The kernel scrubs when the platform reports an error; that of a simulated machine knows at once.
  private static func waitForScrub(of bus: Bus, since before: Int, _ session: ToolSession) throws {
    let backend = try session.machine(forWriting: true).backend
    guard !backend.isSimulated else { return }
    var scrub = try backend.scrubs(of: [bus])[0]
    var left = 30
    while scrub.completed <= before, left > 0, session.pause(1) {
      scrub = try backend.scrubs(of: [bus])[0]
      left -= 1
    }
    while scrub.state == .active, session.pause(1) { scrub = try backend.scrubs(of: [bus])[0] }
  }

  private static func withdraw(
    _ extent: Extent, from namespace: Namespace, _ injected: [Extent], _ tree: DeviceTree,
    _ session: ToolSession
  ) throws -> ReturnCode {
    guard extent.end <= namespace.size.rawValue else { return failed("uninject error", .invalid, session) }
    let code = session.perform(on: tree) { machine throws(DeviceError) in
      try NamespaceCommands.planner(tree, session.inspector(machine)).withdrawErrors(
        namespace, in: extent, injected: injected)
    }
    guard code == .done else { return failed("uninject error", code, session) }
    try session.answer(
      bytes: Array(
        """
        Warning: Un-injecting previously injected errors here will
        not cause the kernel to 'forget' its badblock entries. Those
        have to be cleared through the normal process of writing
        the affected blocks


        """.utf8))
    try session.answerBadBlocks(of: namespace.dev)
    return .done
  }
}
