import PmemDevice
import PmemOutput

// The way back from what Cxl+JSON.swift prints.

extension CxlTopology {
  init(_ fields: InventoryFields) throws(DeviceError) {
    self.init()
    for memdev in try fields.objects("memdevs", most: 1 << 10) { memdevs.append(try CxlMemdev(memdev)) }
    for window in try fields.objects("decoders", most: 1 << 10) { windows.append(try CxlWindow(window)) }
    try fields.checkDistinct("memdevs", memdevs.map(\.dev))
    try fields.checkDistinct("decoders", windows.map(\.dev))
    try fields.checkDistinct("decoders", regions.map(\.dev))
  }
}

extension CxlMemdev {
  fileprivate init(_ fields: InventoryFields) throws(DeviceError) {
    self.init(
      dev: try fields.string("memdev"), host: fields.optional("host")?.string,
      serial: fields.optional("serial")?.unsigned, pmemSize: try fields.optionalSize("pmem_size"),
      ramSize: try fields.optionalSize("ram_size"),
      numaNode: fields.optional("numa_node") == nil ? -1 : try fields.node("numa_node"),
      firmware: fields.optional("firmware_version")?.string,
      labelSize: try fields.optionalSize("label_storage_size"),
      security: fields.optional("security")?.string,
      isBound: fields.optional("state")?.string != "disabled", dimm: fields.optional("dimm")?.string)
    guard let name = fields.optional("endpoint")?.string else { return }
    var endpoint = CxlEndpoint(
      dev: name, target: fields.optional("target")?.unsigned.flatMap { Int(exactly: $0) })
    endpoint.ports = (fields.optional("ports")?.array ?? []).compactMap(\.string)
    for decoder in try fields.objects("decoders", most: 32) {
      endpoint.decoders.append(try CxlDecoder(decoder))
    }
    self.endpoint = endpoint
  }
}

extension CxlDecoder {
  fileprivate init(_ fields: InventoryFields) throws(DeviceError) {
    self.init(
      dev: try fields.string("decoder"), kind: fields.kind("mode"),
      dpaStart: try fields.optionalNumber("dpa_resource", 0...1 << 50),
      dpaSize: try fields.optionalSize("dpa_size"), region: fields.optional("region")?.string)
  }
}

extension CxlWindow {
  fileprivate init(_ fields: InventoryFields) throws(DeviceError) {
    self.init(
      dev: try fields.string("decoder"), root: fields.optional("root")?.string ?? "root0",
      start: try fields.optionalNumber("resource", 0...1 << 52), size: try fields.optionalSize("size"),
      ways: try fields.optionalNumber("interleave_ways", 1...16).map { Int($0) },
      granularity: try fields.optionalNumber("interleave_granularity", 256...16384),
      targets: (fields.optional("targets")?.array ?? []).prefix(16).compactMap(\.unsigned)
        .compactMap { Int(exactly: $0) },
      kinds: (fields.optional("pmem_capable")?.boolean == true ? [.pmem] : [])
        + (fields.optional("volatile_capable")?.boolean == true ? [.ram] : []),
      nextRegion: fields.optional("next_region")?.string)
    let dev = dev
    for region in try fields.objects("regions", most: 1 << 10) {
      regions.append(try CxlRegion(region, in: dev))
    }
  }
}

extension CxlRegion {
  fileprivate init(_ fields: InventoryFields, in window: String) throws(DeviceError) {
    self.init(
      dev: try fields.string("region"), window: window, kind: fields.kind("type"),
      size: try fields.optionalSize("size"), resource: try fields.optionalNumber("resource", 0...1 << 52),
      uuid: try fields.uuid("uuid"),
      ways: try fields.optionalNumber("interleave_ways", 1...16).map { Int($0) },
      granularity: try fields.optionalNumber("interleave_granularity", 256...16384),
      isCommitted: fields.optional("decode_state")?.string.map { $0 == "commit" },
      isBound: fields.optional("state")?.string != "disabled")
    for member in try fields.objects("mappings", most: 16) {
      members.append(
        CxlMember(
          position: Int(try member.number("position", 0...15)), decoder: try member.string("decoder"),
          memdev: member.optional("memdev")?.string))
    }
  }
}

extension InventoryFields {
  fileprivate func optionalSize(_ key: String) throws(DeviceError) -> ByteCount? {
    try optionalNumber(key, 0...1 << 50).map { ByteCount($0) }
  }

  fileprivate func kind(_ key: String) -> CxlMemoryKind? {
    optional(key)?.string.flatMap { CxlMemoryKind(rawValue: $0) }
  }
}
