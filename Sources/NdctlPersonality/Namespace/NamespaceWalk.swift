import Glibc
import PmemDevice

/// The frame of the commands that take a namespace or `all`: it visits namespaces in the library's order, counts those that
/// succeeded, and returns what the last one returned.
struct NamespaceWalk {
  /// `disable`: what the command is said to do, in its complaints.
  let verb: String
  /// `error disabling namespaces`.
  let failure: String
  /// `disabled`.
  let done: String
  /// `disable namespace`: in front of messages.
  let title: String

  init(_ verb: String, _ failure: String, _ done: String, title: String) {
    self.verb = verb
    self.failure = "error \(failure) namespaces"
    self.done = done
    self.title = title
  }

  /// The result of a visit.
  struct Visit {
    var code: ReturnCode
    /// Whether a message has said why: then no general one is printed.
    var isExplained = false

    static let done = Visit(code: .done)
    init(_ code: ReturnCode, isExplained: Bool = false) {
      self.code = code
      self.isExplained = isExplained
    }
    init(code: ReturnCode) { self.code = code }
  }

  /// - Parameters:
  ///   - session: Of the command line.
  ///   - isFresh: Whether each visit needs the machine as the one before has left it.
  ///   - visit: One namespace.
  /// - Returns: Of the command.
  /// - Throws: Wrong usage, and what reading the machine says.
  func run(
    _ session: ToolSession, isFresh: Bool = true,
    visit: (DeviceTree, Region, Namespace) throws -> Visit
  ) throws -> ReturnCode {
    let name = try name(session)
    var tree = try session.devices(.planning, forWriting: true)
    var code: ReturnCode = name == "all" ? .done : .noDeviceOrAddress
    var count = 0
    var isExplained = false
    var isFirst = true
    for target in Self.targets(name, tree, session) {
      if isFresh, !isFirst { tree = try session.devices(.planning, forWriting: true) }
      isFirst = false
      guard let region = tree.inventory.regions.first(where: { $0.id == target.regionID }),
        let namespace = region.namespaces.first(where: { $0.id == target.id })
      else { continue }
      let result = try visit(tree, region, namespace)
      code = result.code
      isExplained = isExplained || result.isExplained
      if code == .done { count += 1 }
      if result.code == .skipped { code = .done }
    }
    if code.isError, !isExplained { session.note("\(failure): \(code.text)") }
    session.note("\(done) \(counted(count, "namespace"))")
    return code
  }

  private func name(_ session: ToolSession) throws -> String {
    let names = session.options.names
    if names.isEmpty { session.complain("specify a namespace to \(verb), or \"all\"") }
    for name in names.dropFirst() { session.complain("unknown extra parameter \"\(name)\"") }
    guard names.count == 1 else { throw session.misused() }
    return names[0]
  }

  /// By kernel name, or all that have a size or a UUID.
  static func targets(_ name: String, _ tree: DeviceTree, _ session: ToolSession) -> [Namespace] {
    tree.buses.filter { Selectors.matches($0, session.options.text("bus")) }.flatMap { bus in
      bus.regions.filter { Selectors.matches($0, session.options.text("region")) }.flatMap { region in
        region.namespaces.filter { namespace in
          guard name == "all" else { return namespace.dev == name }
          return namespace.rawSize != .zero || !(namespace.labelUUID ?? .null).isNull
        }
      }
    }
  }
}

extension ReturnCode {
  /// A visit that did nothing, and is no failure: not counted.
  static let skipped = ReturnCode(value: .max)

  /// The words of the C library for the error number.
  var text: String { String(cString: strerror(-value)) }
}
