import PmemDevice
import PmemMedia
import PmemModel

/// The memory of the simulated kernel, as a file keeps it between two commands: the states of libnvdimm, of the memory
/// model, and of views. A reboot, or a crash, discards it.
struct SimRuntime {
  let nvdimm: NvdimmState
  let memory: MemoryState
  let view: SimView
  /// ``NvdimmModel/labelFingerprint`` when it was written.
  let labels: UInt64

  private static let header = "pmemctl-runtime 4"

  init(_ kernel: SimKernel) {
    nvdimm = kernel.nvdimm.state
    memory = kernel.storedModel.state
    view = kernel.view
    labels = kernel.nvdimm.labelFingerprint
  }

  var text: String {
    var media = RecordLine("media")
    media.add("labels", labels)
    media.add("scrub-since", nvdimm.scrub.since)
    if nvdimm.scrub.completed > 0 { media.add("scrubs", nvdimm.scrub.completed) }
    let state = nvdimm
    let known = state.disabledDimms.union(state.labeling).union(state.openDimms).union(state.frozenDimms)
    let dimms = known.sorted().map { dimm in
      var line = RecordLine("dimm")
      line.add("number", dimm)
      line.add("enabled", state.disabledDimms.contains(dimm) ? 0 : 1)
      line.add("labeling", state.labeling.contains(dimm) ? 1 : 0)
      if state.openDimms.contains(dimm) { line.add("unlocked", 1) }
      if state.frozenDimms.contains(dimm) { line.add("frozen", 1) }
      return line
    }
    let lines = state.regions.enumerated().flatMap { index, region in
      [Self.line(index, region)] + region.namespaces.map { Self.line(index, $0) }
    }
    return RecordFile.text(
      header: Self.header,
      CxlStateRecord.lines(state.cxl) + [media] + dimms + lines + view.lines
        + MemoryStateRecord.lines(memory))
  }

  /// Reads the file back. Every number is checked when it is read: the kernel's arithmetic relies on that.
  ///
  /// - Parameters:
  ///   - text: The file.
  ///   - topology: The machine's: a state that does not fit it was not written by ``text``.
  ///   - file: Its name, for messages.
  /// - Throws: `DeviceError.Code.corrupt` with file and line.
  init(parsing text: String, of topology: SimTopology, file: String) throws(DeviceError) {
    var reader = SimRuntimeReader(topology, file)
    try RecordFile.read(text, header: Self.header, file: file) { line throws(DeviceError) in
      try reader.read(line)
    }
    guard reader.nvdimm.regions.count == reader.topology.regions.count else {
      throw DeviceError(
        .corrupt,
        "\(file), line 1: it has \(reader.nvdimm.regions.count) regions, the machine has "
          + "\(reader.topology.regions.count)")
    }
    guard let labels = reader.labels else {
      throw DeviceError(.corrupt, "\(file), line 1: the line of the media is missing")
    }
    nvdimm = reader.nvdimm
    memory = reader.memory.memory
    view = reader.view
    self.labels = labels
  }

  // MARK: Regions

  private static func line(_ index: Int, _ region: SimRegion) -> RecordLine {
    var line = RecordLine("region")
    line.add("enabled", region.isEnabled ? 1 : 0)
    line.add("seed", region.seed)
    for kind in [SimClaim.Kind.pfn, .dax, .btt] { line.add("\(kind)-seed", region.claimSeeds[kind]) }
    return line
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
    line.add("class", namespace.claimClass?.rawValue ?? "unknown")
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
}
