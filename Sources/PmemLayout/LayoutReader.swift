public import PmemDevice

extension Layout {
  /// The version of the file's format.
  public static let version: UInt64 = 1

  /// Reads a layout, as YAML or JSON.
  ///
  /// - Parameters:
  ///   - bytes: The text, UTF-8.
  ///   - file: Its name, for messages.
  /// - Throws: ``DeviceError/Code/corrupt`` with line, column and what was expected.
  public init(parsing bytes: [UInt8], file: String) throws(DeviceError) {
    let text = try LayoutText(parsing: bytes, file: file)
    let top = try LayoutFields(text, known: ["layout", "cxl", "regions"], what: "a layout")
    let version = try top.required(try top.integer("layout"), "layout", of: "a layout")
    guard version == Self.version else {
      throw LayoutFields.wrong(
        top["layout"] ?? text, "layout \(version) is not known", ["this pmemctl knows 1"])
    }
    var regions: [RegionLayout] = []
    for item in try top.required(try top.list("regions"), "regions", of: "a layout") {
      regions.append(try RegionLayout(reading: item))
    }
    var cxl: [CxlLayout] = []
    for item in try top.list("cxl") ?? [] { cxl.append(try CxlLayout(reading: item)) }
    self.init(regions: regions, cxl: cxl)
  }
}

extension CxlLayout {
  init(reading text: LayoutText) throws(DeviceError) {
    let fields = try LayoutFields(
      text, known: ["devices", "granularity", "size", "window"], what: "a CXL region")
    let items = try fields.required(try fields.list("devices"), "devices", of: "a CXL region")
    var devices: [String] = []
    for item in items { devices.append(try LayoutFields.text(item, "a serial number")) }
    guard !devices.isEmpty else { throw LayoutFields.wrong(text, "a CXL region needs a device") }
    guard Set(devices).count == devices.count else {
      throw LayoutFields.wrong(text, "a device is named twice: it has one position in a region")
    }
    self.init(
      devices: devices, granularity: try fields.size("granularity").map(\.rawValue),
      size: try fields.size("size"), window: try fields.string("window"), position: text.position)
    if let granularity, let position = fields["granularity"],
      !CxlRegionRequest.granularities.contains(granularity)
    {
      throw LayoutFields.wrong(
        position, "granularity \(granularity) is not a power of two from 256 bytes to 16 KiB")
    }
  }
}

extension RegionLayout {
  init(reading text: LayoutText) throws(DeviceError) {
    let fields = try LayoutFields(text, known: ["select", "others", "namespaces"], what: "a region")
    let select = try fields.required(fields["select"], "select", of: "a region")
    var namespaces: [NamespaceLayout] = []
    for item in try fields.list("namespaces") ?? [] { namespaces.append(try NamespaceLayout(reading: item)) }
    self.init(
      select: try RegionSelector(reading: select),
      others: try fields.word("others", as: Others.self) ?? .keep,
      namespaces: namespaces, position: text.position)
  }
}

extension RegionSelector {
  init(reading text: LayoutText) throws(DeviceError) {
    if case .scalar("all", _) = text.content {
      self.init()
      return
    }
    let fields = try LayoutFields(
      text, known: ["dimms", "interleave_set", "node", "bus", "address", "min_size", "max_size"],
      what: "a selector (or the word all)")
    var dimms: [String]?
    if let items = try fields.list("dimms") {
      dimms = []
      for item in items { dimms?.append(try LayoutFields.text(item, "the id of a DIMM")) }
      if items.isEmpty, let list = fields["dimms"] { throw LayoutFields.wrong(list, "dimms names none") }
    }
    let node = try fields.integer("node")
    guard node ?? 0 <= UInt64(Int32.max) else {
      throw DeviceError(.corrupt, "\(fields.position.text): there is no node \(node ?? 0)")
    }
    self.init(
      dimms: dimms, interleaveSet: try fields.integer("interleave_set"), node: node.map { Int($0) },
      bus: try fields.string("bus"), address: try fields.integer("address"),
      minimumSize: try fields.size("min_size"), maximumSize: try fields.size("max_size"))
    guard self != RegionSelector() else {
      throw LayoutFields.wrong(text, "the selector is empty", ["write all for every region"])
    }
  }
}

extension NamespaceLayout {
  static let keys = [
    "name", "uuid", "renamed_from", "mode", "size", "usable", "map", "align", "sector_size", "system_ram",
    "enabled",
  ]

  init(reading text: LayoutText) throws(DeviceError) {
    let fields = try LayoutFields(text, known: Self.keys, what: "a namespace")
    let mode = try fields.required(try fields.word("mode", as: NamespaceMode.self), "mode", of: "a namespace")
    var uuid: DeviceUUID?
    if let word = try fields.string("uuid"), let position = fields["uuid"] {
      guard let parsed = DeviceUUID(word), !parsed.isNull else {
        throw LayoutFields.wrong(position, "\"\(word)\" is not a UUID")
      }
      uuid = parsed
    }
    let size = try fields.amount("size")
    let usable = try fields.amount("usable")
    if size != nil, let usable = fields["usable"] {
      throw LayoutFields.wrong(usable, "size and usable are both given: only one may be")
    }
    let amount = try fields.required(size ?? usable, "size", of: "a namespace (or \"usable\")")
    let align = try fields.size("align").map(\.rawValue)
    if let align, let position = fields["align"], align == 0 || align & (align - 1) != 0 {
      throw LayoutFields.wrong(
        position, "alignment \(align) is not a power of two", ["use 4KiB, 2MiB or 1GiB"])
    }
    let map = try fields.word("map", as: MapLocation.self)
    self.init(
      name: try fields.string("name"), uuid: uuid, renamedFrom: try fields.string("renamed_from"), mode: mode,
      amount: amount, measure: size == nil ? .usable : .taken, map: map, align: align,
      sectorSize: try fields.integer("sector_size"),
      systemRAM: try fields.word("system_ram", as: SystemRAM.self),
      isEnabled: try fields.flag("enabled") ?? true, position: text.position)
    try check(fields)
  }

  private func check(_ fields: LayoutFields) throws(DeviceError) {
    if map == MapLocation.none, let position = fields["map"] {
      throw LayoutFields.wrong(position, "map is mem or dev")
    }
    if !mode.hasMemoryMap, let position = fields["map"] ?? fields["align"] {
      throw LayoutFields.wrong(position, "\(mode) mode has neither a memory map nor an alignment")
    }
    if systemRAM != nil, mode != .devdax, let position = fields["system_ram"] {
      throw LayoutFields.wrong(position, "only devdax can be system_ram")
    }
    if systemRAM != nil, !isEnabled, let position = fields["system_ram"] {
      throw LayoutFields.wrong(position, "only an enabled namespace can be system_ram")
    }
    if measure == .usable, amount == .max, let position = fields["usable"] {
      throw LayoutFields.wrong(position, "usable is a size or a share", ["write size: rest"])
    }
  }
}
