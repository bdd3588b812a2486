import PmemDevice

extension SimTopology {
  /// How many DIMMs, and how many regions, a machine may have: each is an image file that is opened.
  static let mostParts = 1024

  /// Parses a machine file. Every number is checked when it is read: later arithmetic relies on that.
  ///
  /// - Parameters:
  ///   - text: The file.
  ///   - file: Its name, for messages.
  /// - Throws: `DeviceError.Code.corrupt` with file and line.
  init(parsing text: String, file: String) throws(DeviceError) {
    var topology = SimTopology(profile: .v612, dimms: [], regions: [])
    var cxl = SimCxl()
    try RecordFile.read(text, header: Self.header, file: file) { line throws(DeviceError) in
      switch line.kind {
      case "kernel":
        guard let profile = line["profile"].flatMap(KernelProfile.init(rawValue:)) else {
          throw Self.wrong(line, file, "the kernel profile is not known")
        }
        topology.profile = profile
      case "dimm": topology.dimms.append(try topology.dimm(line, file))
      case "region": topology.regions.append(try topology.region(line, file))
      case "cxl-device": cxl.devices.append(try Self.device(line, of: cxl, file))
      case "cxl-window": cxl.windows.append(try Self.window(line, of: cxl, beside: topology, file))
      default: throw Self.wrong(line, file, "\"\(line.kind)\" is not known")
      }
    }
    guard !topology.regions.isEmpty || !cxl.devices.isEmpty else {
      throw DeviceError(.corrupt, "\(file), line 1: the machine has no region")
    }
    topology.add(cxl)
    self = topology
  }

  static func wrong(_ line: RecordLine, _ file: String, _ problem: String) -> DeviceError {
    DeviceError(.corrupt, "\(file), line \(line.number): \(problem)")
  }

  private func dimm(_ line: RecordLine, _ file: String) throws(DeviceError) -> Dimm {
    guard let identity = line["id"].flatMap(SimDimmIdentity.init) else {
      throw Self.wrong(line, file, "id is missing or not an id")
    }
    let dimm = Dimm(
      size: try line.integer("size", in: RecordRange.bytes, file: file),
      labelArea: try line.integer("labels", in: RecordRange.bytes, file: file),
      node: try line.integer("node", file: file), identity: identity)
    if let problem = problem(of: dimm) { throw Self.wrong(line, file, problem) }
    return dimm
  }

  private func region(_ line: RecordLine, _ file: String) throws(DeviceError) -> Region {
    let words = (line["dimms"] ?? "").split(separator: ",")
    let members = words.prefix(RegionMapping.most + 1).compactMap { Int($0) }
    guard members.count == words.count else {
      throw Self.wrong(line, file, "dimms is not a list of at most \(RegionMapping.most) numbers")
    }
    let region = Region(
      dimms: members, dimmOffset: try line.optional("dimm-offset", in: RecordRange.bytes, file: file) ?? 0,
      base: try line.integer("base", in: 0...1 << 52, file: file),
      size: try line.integer("size", in: RecordRange.bytes, file: file),
      align: try line.integer("align", in: RecordRange.bytes, file: file),
      node: try line.integer("node", file: file), cookie: try line.optional("cookie", file: file))
    if let problem = problem(of: region) { throw Self.wrong(line, file, problem) }
    return region
  }

  // MARK: Limits of a machine

  /// Why this machine cannot have one more such DIMM; nil if it can.
  func problem(of dimm: Dimm) -> String? {
    guard dimms.count < Self.mostParts else { return "a machine has at most \(Self.mostParts) DIMMs" }
    guard dimm.size >= 4096, dimm.size <= RecordRange.bytes.upperBound, dimm.size % 4096 == 0 else {
      return "a DIMM's size of \(dimm.size) bytes is not a multiple of 4096 up to 1 PiB"
    }
    // label.c addresses index blocks and labels in units of 256 bytes.
    guard dimm.labelArea == 0 || (1024...16 << 20).contains(dimm.labelArea) && dimm.labelArea % 256 == 0
    else {
      return "a label area of \(dimm.labelArea) bytes is neither 0 nor a multiple of 256 from 1024 to 16 MiB"
    }
    guard (0..<1024).contains(dimm.node) else { return "node \(dimm.node) is not between 0 and 1023" }
    return dimms.contains { $0.identity == dimm.identity } ? "two DIMMs have the same id" : nil
  }

  /// Why this machine cannot have one more such region; nil if it can.
  func problem(of region: Region) -> String? {
    guard regions.count < Self.mostParts else { return "a machine has at most \(Self.mostParts) regions" }
    let members = region.dimms
    guard members.count <= RegionMapping.most, Set(members).count == members.count,
      members.allSatisfy(dimms.indices.contains)
    else { return "a region is on at most \(RegionMapping.most) DIMMs of its machine, each once" }
    guard region.size >= 4096 * region.ways, region.size <= RecordRange.bytes.upperBound,
      region.size % (4096 * region.ways) == 0
    else {
      return "a region's size of \(region.size) bytes is not a multiple of 4096 for each DIMM, up to 1 PiB"
    }
    guard region.base <= 1 << 52, region.base % 4096 == 0, region.dimmOffset <= RecordRange.bytes.upperBound
    else {
      return "a region's address is not a multiple of 4096 below 2^52"
    }
    guard PmemDevice.Region.isPossible(align: region.align, ways: members.count) else {
      return "an alignment of \(region.align) bytes is not a power of two from 4096 for each DIMM"
    }
    guard (0..<1024).contains(region.node) else { return "node \(region.node) is not between 0 and 1023" }
    guard members.allSatisfy({ dimms[$0].size >= region.dimmOffset + region.share }) else {
      return "the region does not fit its DIMMs"
    }
    return regions.contains { $0.overlaps(region) } ? "the region overlaps another" : nil
  }
}

extension SimTopology.Region {
  /// Whether two regions have an address, or a byte of a DIMM, in common.
  fileprivate func overlaps(_ other: SimTopology.Region) -> Bool {
    if Extent(offset: base, length: size).overlaps(Extent(offset: other.base, length: other.size)) {
      return true
    }
    return dimms.contains(where: other.dimms.contains)
      && Extent(offset: dimmOffset, length: share).overlaps(
        Extent(offset: other.dimmOffset, length: other.share))
  }
}
