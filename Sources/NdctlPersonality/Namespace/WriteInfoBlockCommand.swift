import PmemDevice
import PmemMedia

/// `ndctl write-infoblock`: a pfn or dax info block for a disabled namespace, a file or standard output.
enum WriteInfoBlockCommand {
  static let command = ToolCommand(
    "write-infoblock", "<namespace> [<options>]",
    NamespaceCommands.base + [
      OptionSpec("o", "output", .text, "output-file", "write it to the start of this file"),
      OptionSpec("c", "stdout", .flag, nil, "write it to standard output"),
      OptionSpec("m", "mode", .text, "mode", "fsdax, the default, or devdax"),
      OptionSpec("s", "size", .text, "size", "size of the device that it is for"),
      OptionSpec("a", "align", .text, "align", "alignment in it"),
      OptionSpec("u", "uuid", .text, "uuid", "of the block; random by default"),
      OptionSpec("M", "map", .text, "location", "memory map in mem or on dev"),
      OptionSpec("p", "parent-uuid", .text, "uuid", "of the namespace"),
      OptionSpec("O", "offset", .text, "offset", "start of the device, to test alignment"),
    ], run: run)

  private static func run(_ session: ToolSession) throws -> ReturnCode {
    let options = session.options
    let request = try InfoBlockRequest(session)
    let isFile = options.text("output") != nil || options.flag("stdout")
    var isWrong = false
    func complain(_ text: String) {
      session.complain(text)
      isWrong = true
    }
    if options.names.isEmpty, !isFile { complain("specify a namespace to write-infoblock, or \"all\"") }
    for name in options.names.dropFirst() { complain("unknown extra parameter \"\(name)\"") }
    if isFile, !options.names.isEmpty {
      complain("specify only one of a namespace filter, --output, or --stdout")
    }
    if options.flag("stdout"), options.text("size") == nil { complain("--size required with --stdout") }
    if isWrong { throw session.misused() }
    var count = 0
    let code =
      if let name = options.names.first {
        try namespaces(name, request, session, &count)
      } else {
        try file(request, session, &count)
      }
    if code.isError { session.note("error writing infoblock data: \(code.text)") }
    session.note("wrote \(counted(count, "infoblock"))")
    return code
  }

  private static func namespaces(
    _ name: String, _ request: InfoBlockRequest, _ session: ToolSession, _ count: inout Int
  ) throws -> ReturnCode {
    let tree = try session.devices(.planning, forWriting: true)
    var code: ReturnCode = name == "all" ? .done : .noDeviceOrAddress
    for namespace in NamespaceWalk.targets(name, tree, session) {
      guard !namespace.isEnabled else {
        code = .busy
        continue
      }
      let align = request.align ?? 4096
      if let size = request.size, size % align != 0 {
        session.complain("--size=\(size) not aligned to \(align)")
        code = .invalid
        continue
      }
      guard
        let block = request.block(
          size: request.size ?? namespace.rawSize.rawValue, align: align,
          parent: request.parent ?? namespace.labelUUID ?? .null)
      else {
        session.complain("unable to satisfy requested alignment")
        code = .noDeviceOrAddress
        continue
      }
      code = session.perform(on: tree) { _ throws(DeviceError) in
        Plan(
          title: "write an info block to \(namespace.title)",
          entries: [
            Plan.Entry(
              .write(namespace: namespace.dev, bytes: block, offset: 0),
              "write an info block to \(namespace.dev)", loses: "the first 8 KiB of \(namespace.dev)")
          ], saves: [.head(namespace: namespace.dev)], isDestructive: true)
      }
      if code == .done { count += 1 }
    }
    return code
  }

  private static func file(
    _ request: InfoBlockRequest, _ session: ToolSession, _ count: inout Int
  ) throws -> ReturnCode {
    do throws(DeviceError) {
      let path = session.options.flag("stdout") ? nil : session.options.text("output")
      var size = request.size ?? 0
      if request.size == nil, let path { size = try ToolFile.size(path) }
      guard
        let block = request.block(
          size: size, align: request.align ?? 2 << 20, parent: request.parent ?? .null)
      else {
        session.complain("unable to satisfy requested alignment")
        return .noDeviceOrAddress
      }
      if let path { try ToolFile.write(block, over: path) }
      count = 1
      guard path == nil else { return .done }
      do { try session.answer(bytes: block) } catch { return ReturnCode(value: -5) }
      return .done
    } catch {
      return session.report(error)
    }
  }
}

/// The info block that is asked for.
struct InfoBlockRequest {
  let size: UInt64?
  let align: UInt64?
  let parent: DeviceUUID?
  private let mode: NamespaceMode
  private let map: MapLocation
  private let uuid: DeviceUUID?
  private let offset: UInt64

  /// - Throws: ``ToolExit/usage`` after complaints.
  init(_ session: ToolSession) throws {
    let options = session.options
    var isWrong = false
    func complain(_ text: String) {
      session.complain(text)
      isWrong = true
    }
    let word = options.text("mode") ?? "fsdax"
    let mode = NamespaceMode(parsing: word)
    if let mode, !mode.hasMemoryMap { complain("unsupported mode '\(word)'") }
    if mode == nil { complain("invalid mode '\(word)'") }
    self.mode = mode ?? .fsdax
    let map = options.text("map") ?? "dev"
    if map != "mem", map != "dev" { complain("invalid map location '\(map)'") }
    self.map = map == "mem" ? .mem : .dev
    func size(_ key: String, _ complaint: String) -> UInt64? {
      guard let text = options.text(key) else { return nil }
      guard let size = SizeText(text) else {
        complain("\(complaint)'\(text)'")
        return nil
      }
      return size.bytes
    }
    self.size = size("size", "failed to parse namespace size ")
    offset = size("offset", "failed to parse physical offset") ?? 0
    align = size("align", "failed to parse namespace alignment ")
    if let align, align < 4096 || align.nonzeroBitCount != 1 {
      complain("align must be a power-of-2 greater than 4096")
    }
    func uuid(_ key: String) -> DeviceUUID? {
      guard let text = options.text(key) else { return nil }
      let uuid = DeviceUUID(text)
      if uuid == nil { complain("failed to parse uuid: '\(text)'") }
      return uuid
    }
    self.uuid = uuid("uuid")
    parent = uuid("parent-uuid")
    if isWrong { throw session.misused() }
  }

  /// 8 KiB, the block in their second half (drivers/nvdimm/pfn_devs.c:nd_pfn_init).
  ///
  /// - Returns: nil if nothing would be left for data.
  func block(size: UInt64, align: UInt64, parent: DeviceUUID) -> [UInt8]? {
    let unit = max(align, 2 << 20)
    func up(_ value: UInt64) -> UInt64 { (value + unit - 1) / unit * unit }
    guard size > 8192, size < 1 << 62, offset < 1 << 62 else { return nil }
    let map = map == .dev ? 64 * ((size - 8192) / 4096) : 0
    let dataOffset = up(offset + 8192 + map) - offset
    let startPad = up(offset) - offset
    let endTruncation = (offset + size) % unit
    guard dataOffset < size, dataOffset + endTruncation + startPad <= size else { return nil }
    var fields = ByteFields(count: 4096)
    fields.set(Array((mode == .devdax ? "NVDIMM_DAX_INFO\0" : "NVDIMM_PFN_INFO\0").utf8), at: 0)
    fields.set((uuid ?? .random()).bytes, at: 16)
    fields.set(parent.bytes, at: 32)
    fields.set(1, at: 52, width: 2)
    fields.set(4, at: 54, width: 2)
    fields.set(dataOffset, at: 56, width: 8)
    fields.set((size - dataOffset - endTruncation - startPad) / 4096, at: 64, width: 8)
    fields.set(self.map == .mem ? 1 : 2, at: 72, width: 4)
    fields.set(startPad, at: 76, width: 4)
    fields.set(endTruncation, at: 80, width: 4)
    fields.set(align, at: 84, width: 4)
    fields.set(4096, at: 88, width: 4)
    fields.set(64, at: 92, width: 2)
    fields.set(fields.checksum(excluding: 4088), at: 4088, width: 8)
    return [UInt8](repeating: 0, count: 4096) + fields.bytes
  }
}
