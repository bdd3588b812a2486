import PmemDevice
import PmemctlCommands

/// The commands on label areas. They write only while every region of the DIMM is disabled.
enum LabelCommands {
  static let all = [
    ToolCommand("zero-labels", DimmCommands.names, DimmCommands.base + range, run: zero),
    ToolCommand(
      "read-labels", "<nmem0> [<nmem1>..<nmemN>] [-o <filename>]",
      DimmCommands.base + range + [
        OptionSpec("o", "output", .text, "output-file", "write it to this file"),
        OptionSpec("j", "json", .flag, nil, "as JSON"),
        OptionSpec("u", "human", .flag, nil, "as human-readable JSON"),
        OptionSpec("I", "index", .flag, nil, "the index blocks alone"),
      ], run: read),
    ToolCommand(
      "write-labels", "<nmem> [-i <filename>]",
      DimmCommands.base + range + [OptionSpec("i", "input", .text, "input-file", "read it from this file")],
      run: write),
    ToolCommand("init-labels", DimmCommands.names, DimmCommands.base + initializing, run: initialize),
    ToolCommand("check-labels", DimmCommands.names, DimmCommands.base, run: check),
  ]

  private static let range = [
    OptionSpec("s", "size", .number, nil, "bytes of the label area"),
    OptionSpec("O", "offset", .number, nil, "offset in the label area"),
  ]
  static let initializing = [
    OptionSpec("f", "force", .flag, nil, "also if there are labels"),
    OptionSpec("V", "label-version", .text, "version", "1.1, the default, or 1.2"),
  ]

  // MARK: Reading

  private static func read(_ session: ToolSession) throws -> ReturnCode {
    let options = session.options
    let isHuman = options.flag("human")
    let isJSON = isHuman || options.flag("json")
    if isJSON, options.number("size") ?? 0 != 0 || options.number("offset") ?? 0 != 0 {
      session.note("--size and --offset are incompatible with --json")
      throw session.misused()
    }
    if options.flag("index"), options.number("size") ?? 0 != 0 {
      session.note("pick either --size, or --index, not both")
      throw session.misused()
    }
    let walk = try DimmWalk(session, forWriting: false)
    let objects = LabelObjects(style: NumberStyle(isHuman: isHuman), indexOnly: options.flag("index"))
    var bytes: [UInt8] = []
    var found: [LibraryObject] = []
    let code = walk.run(DimmWalk.counted("read")) { dimm in
      guard let area = area(of: dimm, session) else { return .invalid }
      if isJSON {
        guard let object = objects.of(area, dimm: dimm.dev) else { return ReturnCode(value: -12) }
        found.append(object)
      } else if options.flag("index") {
        bytes += area.prefix(objects.indexBytes(of: area))
      } else {
        guard let range = extent(in: area, options) else { return .invalid }
        bytes += area[range]
      }
      return .done
    }
    if isJSON, !found.isEmpty {
      let collapses = session.isTerminal && options.text("output") == nil
      bytes = Array(ListShape.array(found, collapses).printed.utf8)
    }
    guard let path = options.text("output") else {
      try session.answer(bytes: bytes)
      return code
    }
    do throws(DeviceError) { try ToolFile.write(bytes, to: path) } catch {
      session.note("failed to open: \(path): (\(ReturnCode(value: -(error.errno ?? 5)).text))")
      return .failed
    }
    return code
  }

  private static func area(of dimm: DIMM, _ session: ToolSession) -> [UInt8]? {
    try? session.machine(forWriting: false).backend.readLabels(dimm: dimm.dev)
  }

  /// - Returns: nil if it is not in the area.
  private static func extent(in area: [UInt8], _ options: ParsedOptions) -> Range<Int>? {
    let start = options.number("offset") ?? 0
    let size = options.number("size") ?? 0
    let count = size == 0 ? area.count : size
    guard start >= 0, count > 0, start <= area.count, count <= area.count - start || size == 0 else {
      return nil
    }
    return start..<min(area.count, start + count)
  }

  // MARK: Writing

  private static func zero(_ session: ToolSession) throws -> ReturnCode {
    let walk = try DimmWalk(session, forWriting: true)
    return walk.run(DimmWalk.counted("zeroed")) { dimm in
      guard !walk.isActive(dimm) else { return refuse(dimm, session) }
      guard var area = area(of: dimm, session), let range = extent(in: area, session.options) else {
        return .invalid
      }
      for index in range { area[index] = 0 }
      return write(area, to: dimm, verb: "zero", walk, session)
    }
  }

  private static func refuse(_ dimm: DIMM, _ session: ToolSession) -> ReturnCode {
    session.note("\(dimm.dev): regions active, abort label write")
    return .busy
  }

  private static func write(
    _ area: [UInt8], to dimm: DIMM, verb: String, _ walk: DimmWalk, _ session: ToolSession
  ) -> ReturnCode {
    session.perform(on: walk.tree) { machine throws(DeviceError) in
      try LabelPlanner(walk.tree.inventory, inspector: session.inspector(machine), contents: nil)
        .write([(dimm, area)], verb: verb, keeps: [], force: true)
    }
  }

  private static func write(_ session: ToolSession) throws -> ReturnCode {
    let input: [UInt8]
    do throws(DeviceError) {
      if let path = session.options.text("input") {
        input = try ToolFile.read(path)
      } else {
        input = try ToolFile.readInput()
      }
    } catch {
      session.note(
        "failed to open: \(session.options.text("input") ?? "-"): (\(ReturnCode(value: -(error.errno ?? 5)).text))"
      )
      session.note("wrote 0 nmem")
      return .failed
    }
    let walk = try DimmWalk(session, forWriting: true)
    guard walk.dimms.count < 2 else {
      session.complain("write-labels only supports writing a single dimm")
      throw session.misused()
    }
    return walk.run(DimmWalk.counted("wrote")) { dimm in
      guard !walk.isActive(dimm) else {
        session.note("dimm is active, abort label write")
        return .busy
      }
      guard var area = area(of: dimm, session), let range = extent(in: area, session.options) else {
        return .invalid
      }
      let part = input.prefix(range.count)
      guard !part.isEmpty else { return .done }
      area.replaceSubrange(range.lowerBound..<range.lowerBound + part.count, with: part)
      return write(area, to: dimm, verb: "write", walk, session)
    }
  }

  private static func initialize(_ session: ToolSession) throws -> ReturnCode {
    let word = session.options.text("label-version") ?? "1.1"
    guard let version = LabelVersion(rawValue: word.hasPrefix("v") ? String(word.dropFirst()) : word) else {
      session.note("'\(word)' is not a valid label version")
      session.note("initialized 0 nmem")
      return .failed
    }
    let walk = try DimmWalk(session, forWriting: true)
    return walk.run(DimmWalk.counted("initialized")) { dimm in
      guard area(of: dimm, session) != nil else { return .noDeviceOrAddress }
      guard !walk.isActive(dimm) else { return refuse(dimm, session) }
      guard session.options.flag("force") || !hasLabels(dimm, session) else {
        session.note("\(dimm.dev): error: labels already initialized")
        return .busy
      }
      return session.perform(on: walk.tree) { machine throws(DeviceError) in
        try LabelPlanner(walk.tree.inventory, inspector: session.inspector(machine), contents: nil)
          .initialize([dimm], version: version, force: true)
      }
    }
  }

  private static func hasLabels(_ dimm: DIMM, _ session: ToolSession) -> Bool {
    guard let area = area(of: dimm, session) else { return false }
    return LabelObjects.isInitialized(area)
  }

  private static func check(_ session: ToolSession) throws -> ReturnCode {
    let walk = try DimmWalk(session, forWriting: false)
    return walk.run(DimmWalk.counted("successfully verified", "nmem label")) { dimm in
      guard area(of: dimm, session) != nil else { return .noDeviceOrAddress }
      return hasLabels(dimm, session) ? .done : .noDeviceOrAddress
    }
  }
}
