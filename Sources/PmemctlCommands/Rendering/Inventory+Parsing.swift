import PmemDevice
import PmemOutput

// The way back from what `status --json` prints (Inventory+JSON.swift).

extension Inventory {
  /// Reads what `pmemctl status --json` printed, of this machine or another.
  ///
  /// - Parameters:
  ///   - bytes: The text.
  ///   - file: Its name, for messages.
  /// - Throws: ``DeviceError/Code/corrupt`` with file and line, also for numbers that no machine has: planners and the
  ///   simulator calculate with them.
  init(parsing bytes: [UInt8], file: String) throws(DeviceError) {
    let json: JSON
    do { json = try JSON(parsing: bytes, mostValues: 1 << 19) } catch {
      throw DeviceError(.corrupt, "\(file), \(error)")
    }
    let top = try InventoryFields(json, "", InventorySource(file: file, bytes: bytes))
    self.init(
      host: HostFacts(kernelRelease: try top.string("kernel")), buses: [])
    for (index, bus) in try top.objects("buses", most: 64).enumerated() {
      buses.append(try Bus(bus, dev: "ndbus\(index)"))
    }
    if let cxl = try top.nested("cxl") { self.cxl = try CxlTopology(cxl) }
    try top.checkDistinct("buses", dimms.map(\.dev))
    try top.checkDistinct("buses", regions.map(\.dev))
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
    let slots = try fields.optionalNumber("available_slots", LabelArea.slots)
    self.init(
      dev: try fields.string("dev"), id: fields.optional("id")?.string,
      isEnabled: fields.optional("state")?.string != "disabled",
      labels: slots.map { LabelArea(availableSlots: Int($0), version: nil) })
  }
}

extension Region {
  fileprivate init(_ fields: InventoryFields) throws(DeviceError) {
    let dev = try fields.string("dev")
    guard dev.hasPrefix("region"), let id = Int(dev.dropFirst(6)), (0...Int(Int32.max)).contains(id) else {
      throw fields.wrong("dev", "the name of a region")
    }
    self.init(
      id: id, size: try fields.size("size"),
      resource: try fields.optionalNumber("resource", Region.addresses),
      align: try fields.number("align"), availableSize: .zero, maxAvailableExtent: .zero,
      numaNode: try fields.node("numa_node"), targetNode: try fields.node("target_node"),
      isetID: fields.optional("iset_id")?.unsigned,
      isEnabled: fields.optional("state")?.string != "disabled", isLabeled: try fields.flag("labeled"))
    if fields.optional("mappings") != nil {
      for mapping in try fields.objects("mappings", most: RegionMapping.most) {
        mappings.append(try RegionMapping(mapping))
      }
    }
    guard Region.isPossible(align: align, ways: mappings.count) else {
      throw fields.wrong("align", "a power of two from 4096 for each DIMM")
    }
    for namespace in try fields.objects("namespaces") {
      namespaces.append(try Namespace(namespace, regionID: id))
    }
    try fields.checkDistinct("namespaces", namespaces.map(\.dev))
  }
}

extension RegionMapping {
  fileprivate init(_ fields: InventoryFields) throws(DeviceError) {
    self.init(
      dimm: try fields.string("dimm"), offset: try fields.number("offset", Region.sizes),
      length: try fields.number("length", Region.sizes),
      position: Int(try fields.number("position", 0...UInt64(RegionMapping.most))))
  }
}

extension Namespace {
  fileprivate init(_ fields: InventoryFields, regionID: Int) throws(DeviceError) {
    let dev = try fields.string("dev")
    guard dev.hasPrefix("namespace\(regionID)."), let id = Int(dev.split(separator: ".").last ?? ""),
      (0...Int(Int32.max)).contains(id)
    else { throw fields.wrong("dev", "the name of a namespace of region\(regionID)") }
    guard let mode = NamespaceMode(parsing: try fields.string("mode")) else {
      throw fields.wrong("mode", "fsdax, devdax, sector or raw")
    }
    let map = fields.optional("map")?.string.flatMap { MapLocation(rawValue: $0) } ?? .none
    self.init(
      regionID: regionID, id: id, mode: mode, map: map, size: try fields.size("size"),
      rawSize: try fields.size("raw_size"),
      uuid: try fields.uuid("uuid"), sectorSize: try fields.optionalNumber("sector_size", 0...1 << 32),
      name: fields.optional("name")?.string,
      isEnabled: fields.optional("state")?.string != "disabled",
      resource: try fields.optionalNumber("resource", Region.addresses))
    rawUUID = try fields.uuid("raw_uuid")
    align = try fields.alignment("align")
    blockDevice = fields.optional("blockdev")?.string
    if let region = try fields.nested("daxregion") { daxRegion = try DaxRegion(region) }
  }
}

extension DaxRegion {
  fileprivate init(_ fields: InventoryFields) throws(DeviceError) {
    self.init(
      id: Int(try fields.number("id", 0...UInt64(Int32.max))), size: try fields.size("size"),
      align: try fields.alignment("align") ?? 0, devices: [])
    for device in try fields.objects("devices") { devices.append(try DaxDevice(device)) }
  }
}

extension DaxDevice {
  fileprivate init(_ fields: InventoryFields) throws(DeviceError) {
    guard let mode = Mode(rawValue: try fields.string("mode")) else {
      throw fields.wrong("mode", "devdax or system-ram")
    }
    self.init(
      chardev: try fields.string("chardev"), size: try fields.size("size"),
      targetNode: try fields.node("target_node"), align: try fields.alignment("align") ?? 0, mode: mode,
      isEnabled: fields.optional("state")?.string != "disabled")
  }
}

extension LabelArea {
  /// Labels of 128 bytes that fit into the largest area, 16 MiB.
  fileprivate static let slots: ClosedRange<UInt64> = 0...(16 << 20) / 128
}

extension Region {
  /// Offsets and sizes, bytes; an address is below 2^52 (x86-64's physical addresses). No sum of some of them overflows.
  fileprivate static let sizes: ClosedRange<UInt64> = 0...1 << 50
  fileprivate static let addresses: ClosedRange<UInt64> = 0...1 << 52
}
