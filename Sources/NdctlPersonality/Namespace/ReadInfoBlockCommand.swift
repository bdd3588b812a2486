import PmemDevice
import PmemctlCommands

/// `ndctl read-infoblock`: of disabled namespaces, a file or standard input.
enum ReadInfoBlockCommand {
  static let command = ToolCommand(
    "read-infoblock", "<namespace> [<options>]",
    NamespaceCommands.base + [
      OptionSpec("o", "output", .text, "output-file", "write it to this file"),
      OptionSpec("i", "input", .text, "input-file", "read this file instead of a namespace"),
      OptionSpec("V", "verify", .flag, nil, "only valid blocks"),
      OptionSpec("j", "json", .flag, nil, "as JSON"),
      OptionSpec("u", "human", .flag, nil, "as human-readable JSON"),
    ], run: run)

  private static func run(_ session: ToolSession) throws -> ReturnCode {
    let options = session.options
    for name in options.names.dropFirst() { session.complain("unknown extra parameter \"\(name)\"") }
    if options.text("input") != nil, !options.names.isEmpty {
      session.complain("specify a namespace, or --input, not both")
    }
    guard options.names.isEmpty || options.names.count == 1 && options.text("input") == nil else {
      throw session.misused()
    }
    let reading = Reading(session)
    var code: ReturnCode
    if let name = options.names.first {
      code = try reading.namespaces(name)
    } else {
      code = try reading.file(options.text("input"))
    }
    if let written = try reading.finish() { code = written }
    if code.isError { session.note("error reading infoblock data: \(code.text)") }
    session.note("read \(counted(reading.count, "infoblock"))")
    return code
  }

  /// The bytes read, until they are printed.
  private final class Reading {
    private let session: ToolSession
    private var bytes: [UInt8] = []
    private var objects: [LibraryObject]?
    private(set) var count = 0

    init(_ session: ToolSession) { self.session = session }

    func namespaces(_ name: String) throws -> ReturnCode {
      let tree = try session.devices(.planning, forWriting: true)
      var code: ReturnCode = name == "all" ? .done : .noDeviceOrAddress
      for namespace in NamespaceWalk.targets(name, tree, session) {
        code = read(namespace)
      }
      return code
    }

    private func read(_ namespace: Namespace) -> ReturnCode {
      guard !namespace.isEnabled else { return .busy }
      do throws(DeviceError) {
        let found = try session.machine(forWriting: true).backend.withRawMedia(
          of: namespace.dev, forWriting: false
        ) { source throws(DeviceError) in
          try source.read(at: 0, count: InfoBlockObjects.size)
        }
        take(found, ("dev", namespace.dev), namespace.labelUUID)
        return .done
      } catch {
        return session.report(error)
      }
    }

    func file(_ path: String?) throws -> ReturnCode {
      do throws(DeviceError) {
        let found =
          if let path { try ToolFile.read(path) } else { try ToolFile.readInput() }
        guard found.count >= InfoBlockObjects.size else { return ReturnCode(value: -5) }
        take(Array(found.prefix(InfoBlockObjects.size)), ("file", path ?? "<stdin>"), nil)
        return .done
      } catch {
        return session.report(error)
      }
    }

    private func take(_ found: [UInt8], _ source: (key: String, name: String), _ parent: DeviceUUID?) {
      count += 1
      let isHuman = session.options.flag("human")
      guard isHuman || session.options.flag("json") else {
        bytes += found
        return
      }
      let blocks = InfoBlockObjects(
        style: NumberStyle(isHuman: isHuman), verifies: session.options.flag("verify"))
      objects = (objects ?? []) + blocks.all(found, source: source, parent: parent)
    }

    /// - Returns: What went wrong; nil if nothing did.
    func finish() throws -> ReturnCode? {
      if let objects {
        if objects.isEmpty { session.note("  Warning: no matching devices found\n") }
        bytes = Array(LibraryJSON.array(objects.map(LibraryJSON.object)).printed.utf8)
      }
      guard let path = session.options.text("output") else {
        try session.answer(bytes: bytes)
        return nil
      }
      do throws(DeviceError) {
        try ToolFile.write(bytes, to: path)
        return nil
      } catch {
        session.note("failed to open: \(path): (\(ReturnCode(value: -(error.errno ?? 5)).text))")
        return session.report(error)
      }
    }
  }
}
