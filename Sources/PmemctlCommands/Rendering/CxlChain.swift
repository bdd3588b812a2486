import PmemDevice
import PmemOutput

/// The ways of memory from CXL devices to what uses it, a line each:
/// `0000:0d:00.0 mem0 -> decoder3.0 -> region2 (2 ways, 4 KiB, position 1) -> nd region2 -> namespace2.0 -> dax2.0`.
struct CxlChain {
  private let inventory: Inventory
  private let owners: [String: CxlMemdev]
  private let devices: [String: DaxDeviceLocation]

  init(_ inventory: Inventory) {
    self.inventory = inventory
    owners = Dictionary(inventory.cxl.memdevs.map { ($0.dev, $0) }, uniquingKeysWith: { first, _ in first })
    let isNeeded = !inventory.cxl.isEmpty
    devices = Dictionary(
      (isNeeded ? inventory.daxDevices : []).map { ($0.device.chardev, $0) },
      uniquingKeysWith: { first, _ in first })
  }

  /// For a device: one for each decoder with memory; otherwise one with the reason why there is none.
  func lines(of memdev: CxlMemdev) -> [String] {
    guard let endpoint = memdev.endpoint else { return [Self.text([Self.title(memdev), "no endpoint"])] }
    let used = endpoint.decoders.filter { $0.region != nil || ($0.dpaSize ?? .zero) > .zero }
    guard !used.isEmpty else { return [Self.text([Self.title(memdev), endpoint.dev, "no region"])] }
    return used.map { decoder in
      let head = [Self.title(memdev), decoder.dev]
      guard let name = decoder.region else {
        let size = [decoder.dpaSize.map { "\($0)" }, decoder.kind?.rawValue].compactMap(\.self)
        return Self.text(head.dropLast() + ["\(decoder.dev) (\(size.joined(separator: " ")))", "no region"])
      }
      guard let region = inventory.cxl.region(name) else { return Self.text(head + [name]) }
      let position = region.members.first { $0.decoder == decoder.dev }?.position
      return Self.text(head + [Self.title(region, position: position)] + uses(of: region))
    }
  }

  /// Of a region: one for each position. Of a namespace or DAX device only those parts that lead to it.
  ///
  /// - Parameters:
  ///   - region: Any.
  ///   - namespace: Only this one of it; nil for all.
  ///   - device: Only this one of it; nil for all.
  /// - Returns: Lines, without ends.
  func lines(of region: CxlRegion, namespace: Namespace? = nil, device: DaxDevice? = nil) -> [String] {
    let ends = uses(of: region, namespace: namespace, device: device)
    guard !region.members.isEmpty else {
      return [Self.text(["no device", Self.title(region, position: nil)] + ends)]
    }
    return region.members.map { member in
      let memdev = member.memdev.flatMap { owners[$0] }.map(Self.title) ?? member.memdev ?? "unknown device"
      return Self.text([memdev, member.decoder, Self.title(region, position: member.position)] + ends)
    }
  }

  /// Without what is above the region.
  private func uses(
    of region: CxlRegion, namespace: Namespace? = nil, device: DaxDevice? = nil
  ) -> [String] {
    if let known = inventory.region(of: region) {
      let namespaces = known.configuredNamespaces.filter { namespace == nil || $0.dev == namespace?.dev }
      return ["nd \(known.dev)"] + list(namespaces.map(text), none: "no namespace")
    }
    switch region.bridge {
    case .dax(_, let names):
      let shown = names.filter { device == nil || $0 == device?.chardev }
      return list(shown.map { name in devices[name].map { text($0.device) } ?? name }, none: "no DAX device")
    case .pmem: return ["no nd region"]
    case nil:
      return [region.isCommitted == false ? "not committed" : region.isBound ? "not in use" : "disabled"]
    }
  }

  private func list(_ things: [String], none: String) -> [String] {
    things.isEmpty ? [none] : [things.joined(separator: ", ")]
  }

  private func text(_ namespace: Namespace) -> String {
    let devices = namespace.daxRegion?.devices ?? []
    let ends = devices.isEmpty ? namespace.node.map { [$0] } ?? [] : devices.map(text)
    guard namespace.isEnabled else { return "\(namespace.dev) (disabled)" }
    return Self.text([namespace.dev] + list(ends, none: "no device"))
  }

  private func text(_ device: DaxDevice) -> String {
    guard device.isEnabled else { return "\(device.chardev) (disabled)" }
    guard device.mode == .systemRAM else { return device.chardev }
    let blocks = device.memory.map { "\($0.online) of \($0.total) blocks online" }
    let node = device.targetNode < 0 ? nil : "node \(device.targetNode)"
    return "\(device.chardev) (\(["system-ram", blocks, node].compactMap(\.self).joined(separator: ", ")))"
  }

  // MARK: Words

  private static func title(_ memdev: CxlMemdev) -> String {
    [memdev.host, memdev.dev].compactMap(\.self).joined(separator: " ")
  }

  private static func title(_ region: CxlRegion, position: Int?) -> String {
    let details = position.flatMap { region.ways == 1 ? nil : "position \($0)" }
    return "\(region.dev) (\([region.interleave, details].compactMap(\.self).joined(separator: ", ")))"
  }

  private static func text(_ links: [String]) -> String { links.joined(separator: " -> ") }

  /// A line on as many lines as its width asks for, broken before arrows.
  static func folded(_ line: String, width: Int, indent: Int) -> String {
    let margin = String(repeating: " ", count: indent)
    var lines = [""]
    for link in line.sanitized.split(separator: " -> ").map(String.init) {
      let last = lines[lines.count - 1]
      if last.isEmpty {
        lines[lines.count - 1] = margin + link
      } else if last.count + 4 + link.count <= width {
        lines[lines.count - 1] = last + " -> " + link
      } else {
        lines.append(margin + "  -> " + link)
      }
    }
    return lines.map { $0 + "\n" }.joined()
  }
}

extension CxlRegion {
  /// `2 ways, 4 KiB`, or why it is not known.
  var interleave: String {
    let ways =
      ways.map { counted($0, "way") }
      ?? (isCommitted == false ? "interleave not set" : "interleave unknown")
    return granularity.map { "\(ways), \(ByteCount($0))" } ?? ways
  }

  /// `committed`, or what else it is.
  var state: String {
    switch isCommitted {
    case true?: isBound ? "committed" : "committed, disabled"
    case false?: "not committed"
    case nil: "unknown"
    }
  }
}

extension CxlMemdev {
  /// `512 MiB pmem, 1 GiB ram`: its memory, unless that is unknown.
  var memory: String? {
    let sizes = CxlMemoryKind.allCases.compactMap { kind in
      size(kind).flatMap { $0 > .zero ? "\($0) \(kind.rawValue)" : nil }
    }
    return sizes.isEmpty ? nil : sizes.joined(separator: ", ")
  }
}
