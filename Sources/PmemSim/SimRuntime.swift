import PmemDevice
import PmemMedia

/// What the simulated kernel knows that is not on the media: which devices exist, which are enabled, which
/// is the next seed. A reboot, or a crash, forgets it.
struct SimRuntime {
  let regions: [SimRegion]
  let memory: SimMemory
  let disabledDimms: Set<Int>
  let labeling: Set<Int>
  /// ``SimKernel/labelFingerprint`` when it was written.
  let labels: UInt64

  private static let header = "pmemctl-runtime 4"

  init(_ kernel: SimKernel) {
    regions = kernel.regions
    memory = kernel.memory
    disabledDimms = kernel.disabledDimms
    labeling = kernel.labeling
    labels = kernel.labelFingerprint
  }

  var text: String {
    var media = RecordLine("media")
    media.add("labels", labels)
    let dimms = disabledDimms.union(labeling).sorted().map { dimm in
      var line = RecordLine("dimm")
      line.add("number", dimm)
      line.add("enabled", disabledDimms.contains(dimm) ? 0 : 1)
      line.add("labeling", labeling.contains(dimm) ? 1 : 0)
      return line
    }
    let lines = regions.enumerated().flatMap { index, region in
      [Self.line(index, region)] + region.namespaces.map { Self.line(index, $0) }
    }
    return RecordFile.text(header: Self.header, [media] + dimms + lines + SimMemoryRecord.lines(memory))
  }

  /// Reads the file back; what does not fit the machine's regions was not written by ``text``.
  init(
    parsing text: String, regions hardware: [SimTopology.Region], file: String
  ) throws(DeviceError) {
    var regions: [SimRegion] = []
    var labels: UInt64?
    var disabledDimms: Set<Int> = []
    var labeling: Set<Int> = []
    var memory = SimMemoryReader(regions: hardware.count, file: file)
    for line in try RecordFile(text, header: Self.header, file: file).lines {
      switch line.kind {
      case "media":
        labels = try line.integer("labels", file: file)
      case "dimm":
        let number = try line.integer("number", file: file, as: Int.self)
        if try line.integer("enabled", file: file, as: Int.self) == 0 { disabledDimms.insert(number) }
        if try line.integer("labeling", file: file, as: Int.self) != 0 { labeling.insert(number) }
      case "region":
        regions.append(try Self.region(line, file))
      case "namespace":
        let namespace = try Self.namespace(line, file)
        guard let last = regions.indices.last, hardware.indices.contains(last),
          Self.fits(namespace, hardware[last].size),
          !regions[last].namespaces.contains(where: { $0.id == namespace.id })
        else {
          throw DeviceError(.corrupt, "\(file), line \(line.number): the namespace does not fit its region")
        }
        regions[last].namespaces.append(namespace)
      case let kind where SimMemoryRecord.kinds.contains(kind):
        try memory.read(line)
      default:
        throw DeviceError(.corrupt, "\(file), line \(line.number): \"\(line.kind)\" is not known")
      }
    }
    guard regions.count == hardware.count else {
      throw DeviceError(
        .corrupt, "\(file) tells of \(regions.count) regions, the machine has \(hardware.count)")
    }
    guard let labels else { throw DeviceError(.corrupt, "\(file) does not tell of the media") }
    self.regions = regions
    self.memory = memory.memory
    self.labels = labels
    self.disabledDimms = disabledDimms
    self.labeling = labeling
  }

  private static func fits(_ namespace: SimNamespace, _ size: UInt64) -> Bool {
    guard namespace.id >= 0, namespace.offset <= size, namespace.size <= size - namespace.offset else {
      return false
    }
    guard let claim = namespace.claim else { return true }
    guard claim.kind != .dax || [4096, 2 << 20, 1 << 30].contains(claim.align) else { return false }
    let (begin, overflow) = claim.startPad.addingReportingOverflow(claim.dataOffset)
    return claim.id >= 0 && !overflow && begin <= namespace.size && claim.usable <= namespace.size - begin
  }

  // MARK: Regions

  private static func line(_ index: Int, _ region: SimRegion) -> RecordLine {
    var line = RecordLine("region")
    line.add("enabled", region.isEnabled ? 1 : 0)
    line.add("seed", region.seed)
    for kind in [SimClaim.Kind.pfn, .dax, .btt] { line.add("\(kind)-seed", region.claimSeeds[kind]) }
    return line
  }

  private static func region(_ line: RecordLine, _ file: String) throws(DeviceError) -> SimRegion {
    var region = SimRegion()
    region.isEnabled = try line.integer("enabled", file: file, as: Int.self) != 0
    region.seed = line["seed"].flatMap { Int($0) }
    for kind in [SimClaim.Kind.pfn, .dax, .btt] {
      region.claimSeeds[kind] = line["\(kind)-seed"].flatMap { Int($0) }
    }
    return region
  }

  // MARK: Namespaces

  private static func line(_ index: Int, _ namespace: SimNamespace) -> RecordLine {
    var line = RecordLine("namespace")
    line.add("id", namespace.id)
    line.add("enabled", namespace.isEnabled ? 1 : 0)
    line.add("offset", namespace.offset)
    line.add("size", namespace.size)
    line.add("sector", namespace.sectorSize)
    line.add("uuid", namespace.uuid?.description)
    line.add("name", namespace.name)
    line.add("class", namespace.claimClass.rawValue)
    guard let claim = namespace.claim else { return line }
    line.add("claim", claim.kind.rawValue)
    line.add("claim-id", claim.id)
    line.add("claim-uuid", claim.uuid.description)
    line.add("map", claim.map.rawValue)
    line.add("align", claim.align)
    line.add("block", claim.blockSize)
    line.add("usable", claim.usable)
    line.add("data", claim.dataOffset)
    if claim.startPad != 0 { line.add("pad", claim.startPad) }
    if claim.kind == .dax { line.add("device", claim.device?.rawValue ?? "none") }
    line.add("zone", claim.zone?.rawValue)
    return line
  }

  private static func namespace(_ line: RecordLine, _ file: String) throws(DeviceError) -> SimNamespace {
    var namespace = SimNamespace(id: try line.integer("id", file: file))
    namespace.isEnabled = try line.integer("enabled", file: file, as: Int.self) != 0
    namespace.offset = try line.integer("offset", file: file)
    namespace.size = try line.integer("size", file: file)
    namespace.sectorSize = try line.integer("sector", file: file)
    namespace.uuid = line["uuid"].flatMap { DeviceUUID($0) }
    namespace.name = line["name"] ?? ""
    namespace.claimClass = line["class"].flatMap(ClaimClass.init(rawValue:)) ?? .none
    guard let word = line["claim"] else { return namespace }
    guard let kind = SimClaim.Kind(rawValue: word), let uuid = line["claim-uuid"].flatMap({ DeviceUUID($0) }),
      let map = line["map"].flatMap(MapLocation.init(rawValue:))
    else { throw DeviceError(.corrupt, "\(file), line \(line.number): the claim cannot be read") }
    var claim = SimClaim(kind: kind, id: try line.integer("claim-id", file: file), uuid: uuid, map: map)
    claim.align = try line.integer("align", file: file)
    claim.blockSize = try line.integer("block", file: file)
    claim.usable = try line.integer("usable", file: file)
    claim.dataOffset = try line.integer("data", file: file)
    claim.startPad = try line.optional("pad", file: file) ?? 0
    if let word = line["device"] { claim.device = DaxDevice.Mode(rawValue: word) }
    claim.zone = line["zone"].flatMap(SimClaim.Zone.init(rawValue:))
    namespace.claim = claim
    return namespace
  }
}
