import ArgumentParser
import PmemDevice
import PmemOutput

struct LayoutExport: ContextCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Write this machine's namespaces as a layout.")

  @OptionGroup var output: OutputOptions
  @OptionGroup var machine: MachineOptions

  func run(in context: CommandContext) throws {
    let backend = try context.open(machine, forWriting: false)
    let inventory = try backend.inventory(.planning)
    let text = LayoutText(inventory) { ProbedNamespace($0, on: backend).namespace }
    try context.out.write(output.json ? JSON.object(text.json).text : text.yaml)
  }
}

/// A machine as a layout, in both languages.
private struct LayoutText {
  private let inventory: Inventory
  private let probe: (Namespace) -> Namespace
  /// How many namespaces have each name.
  private let names: [String: Int]

  init(_ inventory: Inventory, probe: @escaping (Namespace) -> Namespace) {
    self.inventory = inventory
    self.probe = probe
    let named = inventory.namespaces.filter { !$0.isSeed }.compactMap { namespace in
      namespace.name.map { ($0, 1) }
    }
    names = Dictionary(named, uniquingKeysWith: +)
  }

  var json: JSONObject {
    var object = JSONObject()
    object.add("layout", UInt64(1))
    let cxl = inventory.cxl.regions.compactMap(cxlRegion)
    if !cxl.isEmpty { object.add("cxl", cxl.map(JSON.object)) }
    object.add(
      "regions",
      inventory.regions.filter(\.isEnabled).map { region in
        var entry = JSONObject()
        entry.add("select", .object(selector(region)))
        entry.add("namespaces", region.configuredNamespaces.map { .object(namespace(probe($0), on: region)) })
        return .object(entry)
      })
    return object
  }

  /// A CXL region of persistent memory; nil if what it consists of is not known, or has no serial numbers.
  private func cxlRegion(_ region: CxlRegion) -> JSONObject? {
    guard let recipe = CxlRecipe(region, in: inventory.cxl), recipe.kind == .pmem else { return nil }
    let serials = recipe.members.compactMap(\.serial)
    guard serials.count == recipe.members.count else { return nil }
    var object = JSONObject()
    object.add("devices", serials.map { JSON.unsigned($0) })
    object.add("granularity", ByteCount(recipe.granularity).argument)
    object.add("size", recipe.size?.argument)
    if inventory.cxl.windows.count > 1 { object.add("window", recipe.window) }
    return object
  }

  /// DIMMs if they have ids, the cookie if it tells regions on the same DIMMs apart, the address if there is no DIMM.
  private func selector(_ region: Region) -> JSONObject {
    var object = JSONObject()
    let dimms = ids(of: region)
    if !dimms.isEmpty, dimms.count == region.mappings.count {
      object.add("dimms", dimms.map(JSON.string))
      let twins = inventory.regions.filter { Set(ids(of: $0)) == Set(dimms) }
      guard twins.count > 1 else { return object }
    } else if let provider = inventory.bus(of: region)?.provider {
      object.add("bus", provider)
    }
    if let resource = region.resource { object.add("address", "0x" + String(resource, radix: 16)) }
    return object
  }

  private func ids(of region: Region) -> [String] {
    region.mappings.compactMap { mapping in inventory.dimms.first { $0.dev == mapping.dimm }?.id }
  }

  /// A name that identifies it later; any other is left out, and the UUID used.
  private func name(of namespace: Namespace) -> String? {
    guard let name = namespace.name, !name.contains("{"),
      (try? NamespaceCreateRequest.validate(name: name)) != nil,
      names[name] == 1
    else { return nil }
    return name
  }

  private func namespace(_ namespace: Namespace, on region: Region) -> JSONObject {
    var object = JSONObject()
    if region.isLabeled {
      let name = name(of: namespace)
      object.add("name", name)
      if name == nil { object.add("uuid", namespace.labelUUID?.description) }
    }
    object.add("mode", namespace.mode.rawValue)
    object.add("size", region.isLabeled ? JSON.string(namespace.rawSize.argument) : JSON.string("rest"))
    if namespace.mode.hasMemoryMap, namespace.holder != nil || !namespace.isEnabled {
      if namespace.map != .none { object.add("map", namespace.map.rawValue) }
      object.add("align", namespace.align.map { ByteCount($0).argument })
    }
    if namespace.mode == .sector { object.add("sector_size", namespace.sectorSize) }
    if let device = namespace.daxRegion?.devices.first, device.isEnabled, device.mode == .systemRAM {
      let memory = device.memory
      object.add(
        "system_ram",
        memory?.online ?? 0 == 0 ? "offline" : memory?.movable == memory?.online ? "movable" : "kernel")
    }
    if !namespace.isEnabled { object.add("enabled", false) }
    return object
  }

  // MARK: YAML

  var yaml: String {
    let regions = json["regions"]?.array ?? []
    var text = "layout: 1\n"
    let cxl = json["cxl"]?.array ?? []
    if !cxl.isEmpty { text += "cxl:\n" + cxl.map { "  - \(Self.flow($0))\n" }.joined() }
    text += "regions:\(regions.isEmpty ? " []" : "")\n"
    for region in regions {
      guard let members = region.object else { continue }
      text += "  - select: \(Self.flow(members["select"]))\n    namespaces:"
      let namespaces = members["namespaces"]?.array ?? []
      text += namespaces.isEmpty ? " []\n" : "\n"
      for namespace in namespaces {
        var mark = "      - "
        for member in namespace.object?.members ?? [] {
          text += "\(mark)\(member.key): \(Self.flow(member.value))\n"
          mark = "        "
        }
      }
    }
    return text
  }

  /// Words as they are, everything else as JSON, which YAML takes.
  private static func flow(_ value: JSON?) -> String {
    switch value {
    case .string(let text):
      let isWord =
        text.first?.isLetter ?? false || text.first?.isNumber ?? false
      let isPlain =
        isWord && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) }
        && !["true", "false", "null", "yes", "no", "on", "off"].contains(text.lowercased())
      if isPlain { return text }
      let quoted = JSON.string(text).text
      return String(quoted.dropLast(quoted.hasSuffix("\n") ? 1 : 0))
    case .array(let items): return "[" + items.map { flow($0) }.joined(separator: ", ") + "]"
    case .object(let object):
      return "{" + object.members.map { "\($0.key): \(flow($0.value))" }.joined(separator: ", ") + "}"
    case .boolean(let flag): return "\(flag)"
    case .integer(let number): return "\(number)"
    case .unsigned(let number): return "\(number)"
    case nil: return ""
    }
  }
}
