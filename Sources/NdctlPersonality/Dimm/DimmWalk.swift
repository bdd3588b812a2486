import PmemDevice

/// The frame of the commands that take DIMMs: each one is done by itself, and the command succeeds if one of them did, or if
/// there was none.
struct DimmWalk {
  private let session: ToolSession
  let tree: DeviceTree

  /// - Throws: ``ToolExit/usage`` if no name can be one of a DIMM.
  init(_ session: ToolSession, forWriting: Bool) throws {
    self.session = session
    let names = session.options.names
    guard !names.isEmpty else { throw session.misused() }
    if !names.contains("all") {
      let wrong = names.filter { !Self.isName($0) }
      for name in wrong { session.note("'\(name)' is not a valid dimm name") }
      if wrong.count == names.count { throw session.misused() }
    }
    tree = try session.devices(.planning, forWriting: forWriting)
  }

  /// `nmem` and a digit, whatever follows.
  private static func isName(_ name: String) -> Bool {
    name.hasPrefix("nmem") && name.dropFirst(4).first.map { $0.isASCII && $0.isNumber } == true
  }

  /// Those that the names select, in the order of the names.
  var dimms: [DIMM] {
    let names = session.options.names.contains("all") ? ["all"] : session.options.names.filter(Self.isName)
    let all = tree.buses.filter { Selectors.matches($0, session.options.text("bus")) }.flatMap(\.dimms)
    return names.flatMap { name in all.filter { Selectors.matches($0, name) } }
  }

  /// Whether the kernel keeps the labels of the DIMM from being written: a region on it is enabled. A DIMM without a label
  /// area is never active (region_devs.c:nd_region_notify_driver_action counts those with labels).
  func isActive(_ dimm: DIMM) -> Bool {
    dimm.labels != nil && tree.inventory.regions(on: [dimm]).contains(where: \.isEnabled)
  }

  /// - Parameters:
  ///   - line: What is counted, `initialized N nmem`.
  ///   - visit: One DIMM.
  /// - Returns: Of the command.
  func run(_ line: (Int) -> String, visit: (DIMM) throws -> ReturnCode) rethrows -> ReturnCode {
    var count = 0
    var first: ReturnCode?
    for dimm in dimms {
      let code = try visit(dimm)
      if code == .done { count += 1 } else { first = first ?? code }
    }
    let text = line(count)
    if !text.isEmpty { session.note(text) }
    return count == 0 && first != nil ? .failed : .done
  }

  /// `disabled 2 nmems`.
  static func counted(_ done: String, _ what: String = "nmem", end: String = "") -> (Int) -> String {
    { "\(done) \($0) \(what)\($0 > 1 ? "s" : "")\(end)" }
  }
}
