import PmemDevice

/// The options of `create-namespace`, before any device is read.
struct CreateOptions {
  /// The namespace of `--reconfig`; nil for a new one.
  let target: String?
  let mode: NamespaceMode?
  /// Whether no mode was named, and fsdax is what stands for it.
  let isModeDefault: Bool
  let map: MapLocation?
  let size: SizeText?
  let align: UInt64?
  let alignText: String?
  let sectorSize: UInt64?
  let name: String?
  let uuid: DeviceUUID?
  let type: String?
  let force: Bool
  let autolabel: Bool
  let continues: Bool

  static let specs =
    NamespaceCommands.base + [
      OptionSpec("e", "reconfig", .text, "namespace", "reconfigure this namespace"),
      OptionSpec("u", "uuid", .text, "uuid", "UUID of the label; random by default"),
      OptionSpec("n", "name", .text, "name", "name in the label"),
      OptionSpec("s", "size", .text, "size", "bytes to allocate from the region; all by default"),
      OptionSpec("m", "mode", .text, "mode", "fsdax, devdax, sector or raw"),
      OptionSpec("M", "map", .text, "location", "memory map in mem or on dev"),
      OptionSpec("l", "sector-size", .text, "bytes", "logical sector size"),
      OptionSpec("t", "type", .text, "type", "pmem; blk selects nothing"),
      OptionSpec("a", "align", .text, "align", "alignment of the mapping"),
      OptionSpec("f", "force", .flag, nil, "also if it is enabled"),
      OptionSpec("L", "autolabel", .flag, nil, "initialize labels if there are none"),
      OptionSpec("c", "continue", .flag, nil, "one on each region"),
      OptionSpec("R", "autorecover", .flag, nil, "always done here"),
    ]

  /// - Parameter session: Gets a complaint for each option that has no meaning.
  /// - Throws: ``ToolExit/usage`` then.
  init(_ session: ToolSession) throws {
    let options = session.options
    var isWrong = false
    func complain(_ text: String) {
      session.complain(text)
      isWrong = true
    }
    target = options.text("reconfig")
    force = options.flag("force")
    autolabel = options.flag("autolabel", default: true)
    continues = options.flag("continue")
    name = options.text("name").flatMap { $0.isEmpty ? nil : $0 }

    let type = options.text("type")
    if let type, type != "pmem", type != "blk" {
      complain("invalid type '\(type)', must be either 'pmem' or 'blk'")
    }
    self.type = type ?? (target == nil ? "pmem" : nil)
    let modeText = options.text("mode")
    let parsed = modeText.flatMap(NamespaceMode.init(parsing:))
    if let modeText, parsed == nil { complain("invalid mode '\(modeText)'") }
    isModeDefault = modeText == nil && target == nil
    mode = parsed ?? (isModeDefault ? (self.type == "blk" ? .sector : .fsdax) : nil)

    let mapText = options.text("map")
    if let mapText, mapText != "mem", mapText != "dev" { complain("invalid map location '\(mapText)'") }
    if mapText != nil, target == nil, modeText != nil, modeText != "fsdax", modeText != "devdax" {
      complain("--map only valid for an devdax mode pmem namespace")
    }
    map = mapText.flatMap(MapLocation.init(rawValue:)) ?? (target == nil ? .dev : nil)
    if self.type == "blk", modeText == "fsdax" || modeText == "devdax" {
      complain("only 'pmem' namespaces support dax operation")
    }

    func size(_ key: String, _ complaint: (String) -> String) -> SizeText? {
      guard let text = options.text(key) else { return nil }
      guard let size = SizeText(text) else {
        complain(complaint(text))
        return nil
      }
      return size
    }
    self.size = size("size") { "failed to parse namespace size '\($0)'" }
    alignText = options.text("align")
    let align = size("align") { "failed to parse namespace alignment '\($0)'" }
    if let align, align.bytes < 4096 || align.bytes.nonzeroBitCount != 1 {
      complain("align must be a power-of-2 greater than 4096")
    }
    self.align = align?.bytes
    let uuidText = options.text("uuid")
    uuid = uuidText.flatMap { DeviceUUID($0) }
    if let uuidText, uuid == nil { complain("failed to parse uuid: '\(uuidText)'") }
    let sector = size("sector-size") { "invalid sector size: \($0)" }
    sectorSize = sector?.bytes ?? (mode == .sector ? 4096 : nil)
    for name in options.names { complain("unknown extra parameter \"\(name)\"") }
    if isWrong { throw session.misused() }
  }
}
