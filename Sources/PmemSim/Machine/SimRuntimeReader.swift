import PmemDevice
import PmemMedia
import PmemModel

/// Reads the lines that ``SimRuntime`` wrote, and refuses what does not fit the machine.
struct SimRuntimeReader {
  private(set) var nvdimm = NvdimmState()
  private(set) var labels: UInt64?
  private(set) var memory: MemoryStateReader
  private(set) var view = SimView()
  /// With the regions of CXL, once these were read.
  private(set) var topology: SimTopology
  private var cxl: CxlStateReader?
  private let file: String
  /// Numbers of the last region's namespaces, and of its claims.
  private var ids: Set<Int> = []

  init(_ topology: SimTopology, _ file: String) {
    self.topology = topology
    self.file = file
    memory = MemoryStateReader(regions: topology.regions.count, file: file)
    cxl = CxlStateReader(topology.cxl, platformRegions: topology.regions.count, file: file)
  }

  mutating func read(_ line: RecordLine) throws(DeviceError) {
    if CxlStateRecord.kinds.contains(line.kind) {
      guard cxl != nil else { throw wrong(line, "CXL comes first") }
      try cxl?.read(line)
      return
    }
    if let regions = try cxl?.complete() {
      cxl = nil
      nvdimm.cxl = regions
      topology = topology.having(regions)
      memory = MemoryStateReader(regions: topology.regions.count, file: file)
    }
    switch line.kind {
    case "media":
      labels = try line.integer("labels", file: file)
      nvdimm.scrub.since = try line.optional("scrub-since", in: RecordRange.counter, file: file)
      nvdimm.scrub.completed = try line.optional("scrubs", in: RecordRange.id, file: file) ?? 0
    case "dimm":
      let number = try line.integer("number", file: file, as: Int.self)
      guard topology.dimms.indices.contains(number) else { throw wrong(line, "there is no DIMM \(number)") }
      if try line.integer("enabled", in: 0...1, file: file) == 0 { nvdimm.disabledDimms.insert(number) }
      if try line.integer("labeling", in: 0...1, file: file) != 0 { nvdimm.labeling.insert(number) }
      if try line.optional("unlocked", in: 0...1, file: file) == 1 { nvdimm.openDimms.insert(number) }
      if try line.optional("frozen", in: 0...1, file: file) == 1 { nvdimm.frozenDimms.insert(number) }
    case "region":
      guard nvdimm.regions.count < topology.regions.count else {
        throw wrong(line, "the machine has no such region")
      }
      nvdimm.regions.append(try region(line))
      ids = []
    case "namespace":
      let namespace = try namespace(line)
      guard let last = nvdimm.regions.indices.last, fits(namespace, topology.regions[last]),
        ids.insert(namespace.id).inserted
      else { throw wrong(line, "the namespace does not fit its region") }
      nvdimm.regions[last].namespaces.append(namespace)
    case let kind where SimView.kinds.contains(kind):
      try view.read(line, regions: topology.regions.count, file)
    case let kind where MemoryStateRecord.kinds.contains(kind): try memory.read(line)
    default: throw wrong(line, "\"\(line.kind)\" is not known")
    }
  }

  private func wrong(_ line: RecordLine, _ problem: String) -> DeviceError {
    DeviceError(.corrupt, "\(file), line \(line.number): \(problem)")
  }

  // MARK: Regions

  private func region(_ line: RecordLine) throws(DeviceError) -> SimRegion {
    var region = SimRegion()
    region.isEnabled = try line.integer("enabled", in: 0...1, file: file) != 0
    region.seed = try line.optional("seed", in: RecordRange.id, file: file)
    for kind in [SimClaim.Kind.pfn, .dax, .btt] {
      region.claimSeeds[kind] = try line.optional("\(kind)-seed", in: RecordRange.id, file: file)
    }
    return region
  }

  // MARK: Namespaces

  private func fits(_ namespace: SimNamespace, _ region: SimTopology.Region) -> Bool {
    guard namespace.offset <= region.size, namespace.size <= region.size - namespace.offset else {
      return false
    }
    guard let claim = namespace.claim else { return true }
    if claim.kind == .dax {
      guard RegionCapabilities.standard.devdaxAlignments.contains(claim.align) else { return false }
      // An enabled DAX device has a last byte.
      guard !namespace.isEnabled || claim.usable > 0 else { return false }
    }
    let begin = claim.startPad + claim.dataOffset
    return begin <= namespace.size && claim.usable <= namespace.size - begin
  }

  private func namespace(_ line: RecordLine) throws(DeviceError) -> SimNamespace {
    var namespace = SimNamespace(id: try line.integer("id", in: RecordRange.id, file: file))
    namespace.isEnabled = try line.integer("enabled", in: 0...1, file: file) != 0
    namespace.offset = try line.integer("offset", in: RecordRange.bytes, file: file)
    namespace.size = try line.integer("size", in: RecordRange.bytes, file: file)
    namespace.sectorSize = try line.integer("sector", file: file)
    namespace.uuid = line["uuid"].flatMap { DeviceUUID($0) }
    namespace.name = line["name"] ?? ""
    namespace.claimClass =
      line["class"] == "unknown"
      ? nil : line["class"].flatMap(ClaimClass.init(rawValue:)) ?? ClaimClass.none
    if let word = line["claim"] { namespace.claim = try claim(word, line) }
    return namespace
  }

  private func claim(_ word: String, _ line: RecordLine) throws(DeviceError) -> SimClaim {
    guard let kind = SimClaim.Kind(rawValue: word), let uuid = line["claim-uuid"].flatMap({ DeviceUUID($0) }),
      let map = line["map"].flatMap(MapLocation.init(rawValue:))
    else { throw wrong(line, "the claim cannot be read") }
    var claim = SimClaim(
      kind: kind, id: try line.integer("claim-id", in: RecordRange.id, file: file), uuid: uuid, map: map)
    // For a fsdax namespace it is the info block's; the kernel trusts it.
    claim.align = try line.integer("align", in: 0...1 << 32, file: file)
    claim.blockSize = try line.integer("block", in: 0...UInt64(UInt32.max), file: file)
    claim.usable = try line.integer("usable", in: RecordRange.bytes, file: file)
    claim.dataOffset = try line.integer("data", in: RecordRange.bytes, file: file)
    claim.startPad = try line.optional("pad", in: RecordRange.bytes, file: file) ?? 0
    if let word = line["device"] { claim.device = DaxDevice.Mode(rawValue: word) }
    claim.zone = line["zone"].flatMap(SimClaim.Zone.init(rawValue:))
    return claim
  }
}
