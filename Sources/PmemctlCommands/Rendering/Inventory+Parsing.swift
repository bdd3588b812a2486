import PmemDevice
import PmemOutput

// The way back from what `status --json` prints (Inventory+JSON.swift).

extension Inventory {
  /// Reads what `pmemctl status --json` printed, of this machine or another.
  ///
  /// - Parameters:
  ///   - bytes: The text.
  ///   - file: Its name, for messages.
  /// - Throws: ``DeviceError/Code/corrupt``, with the place.
  init(parsing bytes: [UInt8], file: String) throws(DeviceError) {
    let json: JSON
    do { json = try JSON(parsing: bytes) } catch {
      throw DeviceError(.corrupt, "\(file), \(error)")
    }
    let top = try InventoryFields(json, "", file)
    self.init(
      host: HostFacts(kernelRelease: try top.string("kernel")), buses: [])
    for (index, bus) in try top.objects("buses").enumerated() {
      buses.append(try Bus(bus, dev: "ndbus\(index)"))
    }
  }
}

extension Bus {
  fileprivate init(_ fields: InventoryFields, dev: String) throws(DeviceError) {
    self.init(
      dev: fields.optional("dev")?.string ?? dev, provider: try fields.string("provider"), dimms: [],
      regions: [])
    for dimm in try fields.objects("dimms") { dimms.append(try DIMM(dimm)) }
    for region in try fields.objects("regions") { regions.append(try Region(region)) }
  }
}

extension DIMM {
  fileprivate init(_ fields: InventoryFields) throws(DeviceError) {
    let slots = fields.optional("available_slots")?.unsigned
    self.init(
      dev: try fields.string("dev"), id: fields.optional("id")?.string,
      isEnabled: fields.optional("state")?.string != "disabled",
      labels: slots.map { LabelArea(availableSlots: Int(clamping: $0), version: nil) })
  }
}

extension Region {
  fileprivate init(_ fields: InventoryFields) throws(DeviceError) {
    let dev = try fields.string("dev")
    guard dev.hasPrefix("region"), let id = Int(dev.dropFirst(6)), id >= 0 else {
      throw fields.wrong("dev", "the name of a region")
    }
    self.init(
      id: id, size: ByteCount(try fields.number("size")), resource: fields.optional("resource")?.unsigned,
      align: try fields.number("align"), availableSize: .zero, maxAvailableExtent: .zero,
      numaNode: fields.node("numa_node"), targetNode: fields.node("target_node"),
      isetID: fields.optional("iset_id")?.unsigned,
      isEnabled: fields.optional("state")?.string != "disabled", isLabeled: try fields.flag("labeled"))
    if fields.optional("mappings") != nil {
      for mapping in try fields.objects("mappings") { mappings.append(try RegionMapping(mapping)) }
    }
    for namespace in try fields.objects("namespaces") {
      namespaces.append(try Namespace(namespace, regionID: id))
    }
  }
}

extension RegionMapping {
  fileprivate init(_ fields: InventoryFields) throws(DeviceError) {
    self.init(
      dimm: try fields.string("dimm"), offset: try fields.number("offset"),
      length: try fields.number("length"), position: Int(clamping: try fields.number("position")))
  }
}

extension Namespace {
  fileprivate init(_ fields: InventoryFields, regionID: Int) throws(DeviceError) {
    let dev = try fields.string("dev")
    guard dev.hasPrefix("namespace\(regionID)."), let id = Int(dev.split(separator: ".").last ?? ""), id >= 0
    else { throw fields.wrong("dev", "the name of a namespace of region\(regionID)") }
    guard let mode = NamespaceMode(parsing: try fields.string("mode")) else {
      throw fields.wrong("mode", "fsdax, devdax, sector or raw")
    }
    let map = fields.optional("map")?.string.flatMap { MapLocation(rawValue: $0) } ?? .none
    self.init(
      regionID: regionID, id: id, mode: mode, map: map, size: ByteCount(try fields.number("size")),
      rawSize: ByteCount(try fields.number("raw_size")), uuid: try fields.uuid("uuid"),
      sectorSize: fields.optional("sector_size")?.unsigned, name: fields.optional("name")?.string,
      isEnabled: fields.optional("state")?.string != "disabled",
      resource: fields.optional("resource")?.unsigned)
    rawUUID = try fields.uuid("raw_uuid")
    align = fields.optional("align")?.unsigned
    blockDevice = fields.optional("blockdev")?.string
    if let region = try fields.nested("daxregion") { daxRegion = try DaxRegion(region) }
  }
}

extension DaxRegion {
  fileprivate init(_ fields: InventoryFields) throws(DeviceError) {
    self.init(
      id: Int(clamping: try fields.number("id")), size: ByteCount(try fields.number("size")),
      align: fields.optional("align")?.unsigned ?? 0, devices: [])
    for device in try fields.objects("devices") { devices.append(try DaxDevice(device)) }
  }
}

extension DaxDevice {
  fileprivate init(_ fields: InventoryFields) throws(DeviceError) {
    guard let mode = Mode(rawValue: try fields.string("mode")) else {
      throw fields.wrong("mode", "devdax or system-ram")
    }
    self.init(
      chardev: try fields.string("chardev"), size: ByteCount(try fields.number("size")),
      targetNode: fields.node("target_node"), align: fields.optional("align")?.unsigned ?? 0, mode: mode,
      isEnabled: fields.optional("state")?.string != "disabled")
  }
}

/// An object and where it is, for messages: `FILE: buses[0].regions[1].size is missing`.
private struct InventoryFields {
  private let object: JSONObject
  private let place: String
  private let file: String

  init(_ value: JSON, _ place: String, _ file: String) throws(DeviceError) {
    guard let object = value.object else {
      throw DeviceError(
        .corrupt, "\(file): \(place.isEmpty ? "it" : place) is not an object",
        details: ["what is expected is what this prints:"], try: ["pmemctl status --json"])
    }
    self.object = object
    self.place = place
    self.file = file
  }

  func optional(_ key: String) -> JSON? { object[key] }

  func string(_ key: String) throws(DeviceError) -> String {
    guard let text = try required(key).string else { throw wrong(key, "text") }
    return text
  }

  func number(_ key: String) throws(DeviceError) -> UInt64 {
    guard let number = try required(key).unsigned else { throw wrong(key, "a number") }
    return number
  }

  func flag(_ key: String) throws(DeviceError) -> Bool {
    guard let flag = try required(key).boolean else { throw wrong(key, "true or false") }
    return flag
  }

  func node(_ key: String) -> Int { object[key]?.unsigned.map { Int(clamping: $0) } ?? -1 }

  func uuid(_ key: String) throws(DeviceError) -> DeviceUUID? {
    guard let value = object[key] else { return nil }
    guard let uuid = value.string.flatMap({ DeviceUUID($0) }) else { throw wrong(key, "a UUID") }
    return uuid
  }

  /// An object that may be missing.
  func nested(_ key: String) throws(DeviceError) -> InventoryFields? {
    guard let value = object[key] else { return nil }
    return try InventoryFields(value, "\(place).\(key)", file)
  }

  func objects(_ key: String) throws(DeviceError) -> [InventoryFields] {
    guard let list = try required(key).array else { throw wrong(key, "a list") }
    var objects: [InventoryFields] = []
    for (index, element) in list.enumerated() {
      objects.append(try InventoryFields(element, path(key) + "[\(index)]", file))
    }
    return objects
  }

  func wrong(_ key: String, _ expected: String) -> DeviceError {
    DeviceError(.corrupt, "\(file): \(path(key)) is not \(expected)")
  }

  private func required(_ key: String) throws(DeviceError) -> JSON {
    guard let value = object[key] else {
      throw DeviceError(
        .corrupt, "\(file): \(path(key)) is missing", details: ["what is expected is what this prints:"],
        try: ["pmemctl status --json"])
    }
    return value
  }

  private func path(_ key: String) -> String { place.isEmpty ? key : place + "." + key }
}
