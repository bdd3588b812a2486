/// A namespace that a region could have: the exact numbers, before anything is touched.
public struct NamespaceProposal: Hashable, Sendable {
  /// Its namespaces are left out.
  public var region: Region
  /// The device that it will be.
  public var namespace: Namespace
  public var mode: NamespaceMode
  public var map: MapLocation
  /// Of the mapping; nil for sector and raw.
  public var align: UInt64?
  /// Logical block size to ask for; nil leaves it to the kernel.
  public var sectorSize: UInt64?
  /// From the region's start.
  public var offset: UInt64
  /// The size taken from the region.
  public var taken: ByteCount
  /// The usable size.
  public var usable: ByteCount
  /// Info block and memory map (fsdax, devdax), or BTT metadata (sector).
  public var overhead: ByteCount
  /// Lost at the end to alignment.
  public var truncated: ByteCount
  /// Struct pages in DRAM.
  public var dram: ByteCount
  /// Of the hole it is cut from.
  public var extent: Extent
  /// Whether a claim device is needed (a label-less fsdax namespace that the kernel maps natively needs none).
  public var needsClaim: Bool

  /// The size left in the free extent.
  public var leftover: UInt64 { extent.length - taken.rawValue }
}

/// The space of a piece of persistent memory that each mode leaves, and the offsets of the pieces.
struct NamespaceGeometry {
  let request: NamespaceCreateRequest
  let region: Region
  let host: HostFacts
  /// The device it will be.
  let namespace: Namespace
  let bttVersion: BttLayout.Version
  /// Addresses of the machine's other regions.
  let neighbours: [Range<UInt64>]
  /// Memory sections that others have, on a kernel that does not share them.
  let sectionUses: [SectionUse]

  var mode: NamespaceMode { request.mode }
  var map: MapLocation { mode.hasMemoryMap ? request.map ?? .dev : .none }

  /// Label-less namespaces on a bus without DIMMs are mapped by the kernel as they are: fsdax, memory map in
  /// DRAM, no info block (pmem.c:pmem_attach_disk, pmem_should_map_pages).
  var isNative: Bool { mode == .fsdax && map == .mem && !region.isLabeled && region.mappings.isEmpty }

  /// 2 MiB if the region has it, otherwise the smallest (pfn_devs.c:nd_pfn_default_alignment); a region that is not
  /// itself aligned so gets the page size, as with ndctl.
  var align: UInt64 {
    if let align = request.align { return align }
    let supported = region.capabilities.alignments(for: mode)
    let huge = supported.filter { $0 <= 2 << 20 && (region.resource ?? 0) % $0 == 0 }
    return huge.max() ?? host.pageSize
  }

  var sectorSize: UInt64? { mode == .sector ? request.sectorSize ?? 4096 : request.sectorSize }

  /// Proposes a namespace of `size` bytes at `offset`; nil if nothing would be usable.
  ///
  /// - Throws: ``DeviceError`` for what no size helps against.
  func proposal(offset: UInt64, size: UInt64, extent: Extent) throws(DeviceError) -> NamespaceProposal? {
    var proposal = NamespaceProposal(
      region: region.withoutNamespaces, namespace: namespace, mode: mode, map: map, align: nil,
      sectorSize: sectorSize,
      offset: offset, taken: ByteCount(size), usable: ByteCount(size), overhead: .zero, truncated: .zero,
      dram: .zero, extent: extent, needsClaim: mode != .raw)
    var sharing: SectionUse?
    switch mode {
    case .raw:
      break
    case .sector:
      guard let layout = BttLayout(size: size, blockSize: sectorSize ?? 4096, version: bttVersion) else {
        return nil
      }
      proposal.usable = ByteCount(layout.usable)
      proposal.overhead = ByteCount(size - layout.usable)
    case .fsdax, .devdax:
      if isNative {
        proposal.needsClaim = false
        proposal.dram = PfnLayout.memoryMapInDRAM(size: size, mode: mode, align: host.pageSize, host: host)
        break
      }
      guard let resource = region.resource else { throw missingAddress }
      do throws(PfnLayout.Failure) {
        let layout = try PfnLayout(
          start: resource + offset, size: size, align: align, map: map, host: host, neighbours: neighbours)
        sharing = sectionUses.first {
          $0.sections.overlaps(SectionUse.sections(start: resource + offset, layout: layout))
        }
        proposal.align = align
        proposal.usable = ByteCount(layout.usable)
        proposal.overhead = ByteCount(layout.dataOffset)
        proposal.truncated = ByteCount(layout.startPad + layout.endTruncation)
        if map == .mem {
          proposal.dram = PfnLayout.memoryMapInDRAM(
            size: size - layout.startPad - layout.endTruncation, mode: mode, align: align, host: host)
        }
      } catch .noRoom {
        return nil
      } catch {
        throw misaligned(start: resource + offset)
      }
    }
    if let sharing { throw conflict(sharing, start: offset) }
    return proposal
  }

  private func conflict(_ other: SectionUse, start offset: UInt64) -> DeviceError {
    DeviceError(
      .failed,
      "cannot create a \(mode) namespace on \(region.dev): it would share a memory section with \(other.title)",
      details: [
        "the first hole that is large enough begins at \(ByteCount(offset)) of \(region.dev)",
        "this kernel (\(host.kernelRelease)) maps a section of \(ByteCount(KernelRules.section)) once "
          + "(\"Conflicting mapping in same section\"); Linux 5.3 and later share it",
        "sector and raw mode work there; namespaces of multiples of \(ByteCount(KernelRules.section)) keep apart",
      ],
      errno: 6)
  }

  private var missingAddress: DeviceError {
    DeviceError(
      .permission, "cannot plan a \(mode) namespace on \(region.dev): its address may not be read",
      details: ["the exact usable size follows from the address, which only root may see"])
  }

  private func misaligned(start: UInt64) -> DeviceError {
    guard host.rules.mapping == .subsections else {
      return DeviceError(
        .failed,
        "cannot create a \(mode) namespace on \(region.dev): this kernel (\(host.kernelRelease)) maps whole "
          + "memory sections of \(ByteCount(KernelRules.section)) only",
        details: ["it must begin at one and be one long; sector and raw mode work"])
    }
    return DeviceError(
      .failed,
      "cannot create a \(mode) namespace on \(region.dev): address 0x\(String(start, radix: 16)) is not a "
        + "multiple of \(ByteCount(host.mapAlign))",
      details: [
        "the kernel maps persistent memory in pieces of \(ByteCount(host.mapAlign)); sector and raw mode work"
      ])
  }

  /// The smallest namespace that leaves anything to use in this hole, a multiple of `unit`.
  func smallest(in extent: Extent, unit: UInt64) throws(DeviceError) -> UInt64? {
    var size = unit
    while size <= extent.length {
      if try proposal(offset: extent.offset, size: size, extent: extent) != nil { return size }
      // Nothing but alignment can be missing: at most a few units.
      let floor = mode.hasMemoryMap ? PfnLayout.minimumSize : 0
      size = max(next(after: size, at: extent.offset, unit: unit), floor / unit * unit)
    }
    return nil
  }

  // MARK: Search

  /// The next size whose usable size can exceed that of `size`: the usable size ends at a multiple of the alignment, so
  /// sizes between two of them leave the same, or less.
  ///
  /// - Parameters:
  ///   - size: Bytes, a multiple of `unit`.
  ///   - offset: Of the namespace, from the region's start.
  ///   - unit: Sizes are multiples of this.
  /// - Returns: More than `size`, a multiple of `unit`.
  func next(after size: UInt64, at offset: UInt64, unit: UInt64) -> UInt64 {
    guard mode.hasMemoryMap, !isNative, host.rules.mapping != .wholeSections, let resource = region.resource,
      align > unit
    else { return size + unit }
    let start = resource + offset
    let boundary = ((start + size) / align + 1) * align
    return max(ByteCount(boundary - start).roundedUp(to: unit)?.rawValue ?? size + unit, size + unit)
  }

  /// How many bytes a search for a usable size can pass over: one more byte of size adds at most a byte of usable size,
  /// but for what is lost at the ends to alignment, memory sections and the last arena of a BTT.
  ///
  /// - Parameters:
  ///   - proposal: The proposal that leaves too little; nil if it would leave nothing.
  ///   - wanted: Usable bytes.
  ///   - unit: Sizes are multiples of this.
  /// - Returns: A multiple of `unit`, at least one: no size before that many more bytes leaves enough.
  func step(from proposal: NamespaceProposal?, to wanted: UInt64, unit: UInt64) -> UInt64 {
    let lost = mode == .sector ? 2 * BttLayout.arenaMinimum : 2 * align + 4 * KernelRules.section
    guard let usable = proposal?.usable.rawValue, wanted > usable, wanted - usable > lost else { return unit }
    return max(unit, (wanted - usable - lost) / unit * unit)
  }
}
