import PmemDevice
import SystemPackage

/// Reads the CXL topology from sysfs alone (Documentation/ABI/testing/sysfs-bus-cxl). A host without CXL costs the
/// look-up of one directory. An attribute that is missing, or cannot be read, is unknown; nothing is computed from it.
struct CxlReader {
  private let roots: HostRoots

  init(roots: HostRoots) { self.roots = roots }

  func topology() -> CxlTopology {
    let devices = CxlDevices(roots: roots)
    guard !devices.isEmpty else { return CxlTopology() }
    let endpoints = endpoints(devices)
    let memdevs = memdevs(devices, endpoints)
    var owners: [String: String] = [:]
    for memdev in memdevs {
      for decoder in memdev.endpoint?.decoders ?? [] { owners[decoder.dev] = memdev.dev }
    }
    return CxlTopology(memdevs: memdevs, windows: windows(devices, owners))
  }

  // MARK: Memory devices

  private func memdevs(_ devices: CxlDevices, _ endpoints: [String: CxlEndpoint]) -> [CxlMemdev] {
    let names = devices.numbered("mem")
    let dimms = names.isEmpty ? [:] : dimms()
    return names.map { name in
      // The number of the cxl_nvdimm is another one than the device's.
      let bridge = devices.children(of: name, numbered: "pmem").first
      return CxlMemdev(
        dev: name, host: devices.parent(of: name), serial: devices.number(name, "serial"),
        pmemSize: devices.size(name, "pmem/size"), ramSize: devices.size(name, "ram/size"),
        numaNode: devices.text(name, "numa_node").flatMap { Int($0) } ?? -1,
        firmware: devices.text(name, "firmware_version"),
        labelSize: devices.size(name, "label_storage_size"), security: devices.text(name, "security/state"),
        isBound: devices.hasDriver(name), dimm: bridge.flatMap { dimms[$0] }, endpoint: endpoints[name])
    }
  }

  /// libnvdimm's names of CXL's DIMMs, by the name of the cxl_nvdimm (drivers/cxl/pmem.c:provider_show).
  private func dimms() -> [String: String] {
    let directory = roots.sys.appending("bus/nd/devices")
    var found: [String: String] = [:]
    for name in KernelFile.names(directory) where name.hasPrefix("nmem") {
      guard let provider = KernelFile.line(directory.appending(name).appending("cxl/provider")) else {
        continue
      }
      found[provider] = name
    }
    return found
  }

  /// By the memory device that each is the endpoint of.
  private func endpoints(_ devices: CxlDevices) -> [String: CxlEndpoint] {
    var found: [String: CxlEndpoint] = [:]
    for name in devices.numbered("endpoint") {
      // uport: drivers/cxl/core/port.c:devm_cxl_link_uport.
      guard let memdev = devices.target(name, "uport"), found[memdev] == nil else { continue }
      found[memdev] = CxlEndpoint(
        dev: name, ports: devices.ancestors(of: name).filter { $0.hasPrefix("root") || $0.hasPrefix("port") },
        decoders: devices.decoders(of: name).map { decoder in
          CxlDecoder(
            dev: decoder, kind: devices.kind(decoder),
            dpaStart: devices.allocation(decoder), dpaSize: devices.size(decoder, "dpa_size"),
            region: devices.text(decoder, "region"))
        }, target: target(of: devices.ancestors(of: name), devices))
    }
    return found
  }

  /// The number of the root's downstream port that leads to the host bridge: `rootN/dportM` and `portK/uport` are links to
  /// the same device (drivers/cxl/core/port.c:cxl_dport_link, devm_cxl_link_uport).
  private func target(of ancestors: [String], _ devices: CxlDevices) -> Int? {
    guard let root = ancestors.first(where: { $0.hasPrefix("root") }),
      let port = ancestors.first(where: { $0.hasPrefix("port") }), let bridge = devices.target(port, "uport")
    else { return nil }
    let name = devices.entries(of: root).first { entry in
      entry.hasPrefix("dport") && devices.target(root, entry) == bridge
    }
    return name.flatMap { Int($0.dropFirst("dport".count)) }
  }

  // MARK: Windows

  private func windows(_ devices: CxlDevices, _ owners: [String: String]) -> [CxlWindow] {
    devices.numbered("root").flatMap { root in
      devices.decoders(of: root).map { name in
        CxlWindow(
          dev: name, root: root, start: devices.number(name, "start"), size: devices.size(name, "size"),
          ways: devices.ways(name), granularity: devices.granularity(name),
          targets: (devices.text(name, "target_list") ?? "").split(separator: ",").compactMap { Int($0) },
          kinds: CxlMemoryKind.allCases.filter { devices.number(name, "cap_\($0.rawValue)") == 1 },
          // The name is the same for either kind (region.c:create_pmem_region_show).
          nextRegion: devices.text(name, "create_pmem_region") ?? devices.text(name, "create_ram_region"),
          regions: devices.children(of: name, numbered: "region")
            .map { region($0, in: name, devices, owners) }.inOrder)
      }
    }
  }

  private func region(
    _ name: String, in window: String, _ devices: CxlDevices, _ owners: [String: String]
  ) -> CxlRegion {
    let ways = devices.ways(name)
    let members = (0..<(ways ?? 0)).compactMap { position -> CxlMember? in
      devices.text(name, "target\(position)").map {
        CxlMember(position: position, decoder: $0, memdev: owners[$0])
      }
    }
    return CxlRegion(
      dev: name, window: window, kind: devices.kind(name), size: devices.size(name, "size"),
      resource: devices.address(name), uuid: devices.text(name, "uuid").flatMap { DeviceUUID($0) },
      ways: ways, granularity: devices.granularity(name),
      isCommitted: devices.number(name, "commit").map { $0 != 0 }, isBound: devices.hasDriver(name),
      members: members, bridge: bridge(of: name, devices))
  }

  private func bridge(of region: String, _ devices: CxlDevices) -> CxlRegion.Bridge? {
    if let pmem = devices.children(of: region, numbered: "pmem_region").first {
      return .pmem(isBound: devices.hasDriver(pmem))
    }
    guard let dax = devices.children(of: region, numbered: "dax_region").first else { return nil }
    // Beside dax_region, a directory of attributes (drivers/dax/bus.c:dax_region_attribute_group).
    let names = devices.entries(of: dax).filter { $0.hasPrefix("dax") && $0.contains(".") }
    return .dax(
      isBound: devices.hasDriver(dax), devices: names.sorted { ($0.utf8.count, $0) < ($1.utf8.count, $1) })
  }
}

extension CxlDevices {
  fileprivate func size(_ name: String, _ file: String) -> ByteCount? {
    number(name, file).map { ByteCount($0) }
  }

  fileprivate func kind(_ name: String) -> CxlMemoryKind? {
    text(name, "mode").flatMap { CxlMemoryKind(rawValue: $0) }
  }

  /// As many as the specification has, 16 (CXL 3.1, 8.2.4.20); 0 is not set.
  fileprivate func ways(_ name: String) -> Int? {
    number(name, "interleave_ways").flatMap { (1...16).contains($0) ? Int($0) : nil }
  }

  /// 256 bytes to 16 KiB (CXL 3.1, 8.2.4.20), a power of two; 0 is not set.
  fileprivate func granularity(_ name: String) -> UInt64? {
    number(name, "interleave_granularity").flatMap { value in
      (256...16384).contains(value) && value.nonzeroBitCount == 1 ? value : nil
    }
  }

  /// A region without an address reads as -1 (region.c:resource_show).
  fileprivate func address(_ name: String) -> UInt64? {
    number(name, "resource").flatMap { $0 == .max ? nil : $0 }
  }

  /// A decoder without an allocation reads as -1 (hdm.c:cxl_dpa_resource_start).
  fileprivate func allocation(_ name: String) -> UInt64? {
    number(name, "dpa_resource").flatMap { $0 == .max ? nil : $0 }
  }
}

extension [CxlRegion] {
  /// By address; those without one last, by number.
  fileprivate var inOrder: [CxlRegion] {
    enumerated().sorted { left, right in
      (left.element.resource ?? .max, left.offset) < (right.element.resource ?? .max, right.offset)
    }.map(\.element)
  }
}
