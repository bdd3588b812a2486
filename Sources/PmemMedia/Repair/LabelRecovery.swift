public import PmemDevice

/// Labels for namespaces of which only the media are left. Info blocks have the UUID of the label, the mode, and the start and
/// end of the namespace; of a raw namespace only its volume tells that there was one. Names are in labels alone: in those that
/// no index block refers to, as fresh index blocks leave them.
public struct LabelRecovery: Hashable, Sendable {
  /// A namespace that was there at some time.
  public struct Proposal: Hashable, Sendable {
    /// What was found of it.
    public enum Evidence: Hashable, Sendable {
      case infoBlock
      /// The header of a volume, of this type as libblkid names it. The UUID of the label was nowhere else: it becomes the
      /// volume's.
      case volume(String)
      /// A label that no index block refers to, of a raw namespace.
      case label
    }

    /// From the region's start.
    public let extent: Extent
    public let uuid: DeviceUUID
    public let mode: NamespaceMode
    public let claimClass: ClaimClass
    public let evidence: Evidence
    /// Empty if no label has it.
    public fileprivate(set) var name = ""
    /// Bytes of a logical block.
    fileprivate(set) var sectorSize: UInt64 = 512
    /// Why it is not certain; nil if its own numbers fit, and the kernel would take it.
    public let doubt: String?

    fileprivate func overlaps(_ other: Proposal) -> Bool { extent.intersection(other.extent) != nil }

    fileprivate mutating func takeName(from labels: RemnantLabels) {
      guard let label = labels.label(of: uuid, extent) else { return }
      name = label.name
      sectorSize = label.sectorSize == 0 ? 512 : label.sectorSize
    }
  }

  /// In the order of their offsets.
  public private(set) var proposals: [Proposal] = []

  /// - Parameters:
  ///   - scan: Of the region.
  ///   - region: Its size, its alignment, and its address.
  ///   - host: Whose kernel is to take them.
  ///   - remnants: Labels in the slots of each of its DIMMs, by kernel name.
  public init(
    _ scan: RegionScan, region: Region, host: HostFacts, remnants: [String: [LabelStore.Unindexed]] = [:]
  ) {
    for found in scan.found where !found.parent.isNull && !isPart(found) {
      guard let proposal = Self.proposal(found, scan, region, host) else { continue }
      proposals.append(proposal)
    }
    // What begins inside of a namespace is its content.
    var end: UInt64 = 0
    let blocks = proposals
    for volume in scan.volumes where volume.offset >= end {
      guard !blocks.contains(where: { $0.extent.containsInside(volume.offset) }),
        let proposal = Self.proposal(volume, region)
      else { continue }
      proposals.append(proposal)
      end = proposal.extent.end
    }
    let labels = RemnantLabels(remnants, of: region)
    for index in proposals.indices { proposals[index].takeName(from: labels) }
    add(labels.raw)
    proposals.sort { ($0.extent.offset, $0.extent.length) < ($1.extent.offset, $1.extent.length) }
  }

  /// Raw namespaces whose labels are left. With a volume at its start it is certain; over what an info block has it is of an
  /// earlier time.
  private mutating func add(_ raw: [RemnantLabels.Found]) {
    for found in raw where !proposals.contains(where: { $0.uuid == found.label.uuid }) {
      let volume = proposals.firstIndex { proposal in
        proposal.evidence != .infoBlock && proposal.extent.offset == found.extent.offset
          && proposal.extent.length <= found.extent.length
      }
      let others = proposals.enumerated().filter { $0.offset != volume }.map(\.element)
      guard !others.contains(where: { $0.extent.intersection(found.extent) != nil }) else { continue }
      if let volume { proposals.remove(at: volume) }
      proposals.append(
        Proposal(
          extent: found.extent, uuid: found.label.uuid, mode: .raw, claimClass: .none, evidence: .label,
          name: found.label.name, sectorSize: found.label.sectorSize,
          doubt: volume == nil ? "its label was given up: it may have been destroyed" : nil))
    }
  }

  private static func proposal(
    _ found: RegionScan.Found, _ scan: RegionScan, _ region: Region, _ host: HostFacts
  ) -> Proposal? {
    let room = region.size.rawValue - min(found.offset, region.size.rawValue)
    let start = (region.resource ?? 0) + found.offset
    switch found.block {
    case .pfn(let pfn):
      let (pages, overflow) = pfn.pageCount.multipliedReportingOverflow(by: host.pageSize)
      guard !overflow, pages <= room, pfn.dataOffset <= room - pages else { return nil }
      let used = pages + pfn.dataOffset + UInt64(pfn.startPad) + UInt64(pfn.endTruncation)
      guard used <= room, used > 0 else { return nil }
      return Proposal(
        extent: Extent(offset: found.offset, length: used), uuid: pfn.parentUUID,
        mode: pfn.kind == .pfn ? .fsdax : .devdax, claimClass: pfn.kind == .pfn ? .pfn : .dax,
        evidence: .infoBlock,
        doubt: pfn.fault(start: start, size: used, host: host)
          ?? pfn.attachFault(start: start, size: used, host: host)?.text)
    case .btt(let btt):
      let last = lastArena(of: btt, at: found.offset, scan)
      let end =
        last.offset &- found.offset &+ last.block.info2Offset &+ UInt64(BttInfoBlock.size)
        &+ btt.version.initialOffset
      // A remainder too small for another arena follows the last one: sizes are multiples of the region's alignment.
      guard end <= room, let size = ByteCount(end).roundedUp(to: region.align)?.rawValue, size <= room else {
        return nil
      }
      return Proposal(
        extent: Extent(offset: found.offset, length: size), uuid: btt.parentUUID, mode: .sector,
        claimClass: btt.version == .v2 ? .btt2 : .btt, evidence: .infoBlock,
        doubt: last.block.nextOffset == 0
          ? nil : "one of its arenas has lost its info block: its size is not known")
    }
  }

  /// The last arena of a BTT whose info block is found; arenas name the offset of the next one.
  private static func lastArena(
    of first: BttInfoBlock, at offset: UInt64, _ scan: RegionScan
  ) -> (block: BttInfoBlock, offset: UInt64) {
    var last = (block: first, offset: offset)
    while last.block.nextOffset > 0 {
      let (next, overflow) = last.offset.addingReportingOverflow(last.block.nextOffset)
      let block = scan.found.lazy.filter { $0.offset == next && !overflow }.compactMap { found in
        if case .btt(let block) = found.block, block.parentUUID == first.parentUUID { block } else { nil }
      }.first
      guard let block else { break }
      last = (block, next)
    }
    return last
  }

  /// Whether it is a copy, or a further arena, of a BTT that is known.
  private func isPart(_ found: RegionScan.Found) -> Bool {
    guard case .btt = found.block else { return false }
    return proposals.contains { proposal in
      proposal.mode == .sector && proposal.uuid == found.parent
        && proposal.extent.containsInside(found.offset)
    }
  }

  /// nil for a volume that does not fit into the region, or that nothing could name.
  private static func proposal(_ volume: RegionScan.Volume, _ region: Region) -> Proposal? {
    guard let uuid = volume.header.uuid, !uuid.isNull, volume.offset < region.size.rawValue else {
      return nil
    }
    let room = region.size.rawValue - volume.offset
    let isAligned = volume.offset.isMultiple(of: region.align)
    let known = volume.header.size.flatMap { size in
      ByteCount(size).roundedUp(to: isAligned ? region.align : RegionScan.smallestStep)?.rawValue
    }
    guard known.map({ $0 <= room }) ?? true else { return nil }
    let doubt: String? =
      if known == nil {
        "the volume does not say how large it is"
      } else if !isAligned {
        "namespaces begin elsewhere: it may be the data of one whose info block is lost, which it does without as raw"
      } else {
        nil
      }
    return Proposal(
      extent: Extent(offset: volume.offset, length: known ?? room), uuid: uuid, mode: .raw,
      claimClass: .none, evidence: .volume(volume.header.type), doubt: doubt)
  }

  /// Those that overlap another, or share its UUID: they are of different ages, and nothing shows which is the later.
  public var conflicts: [Proposal] {
    proposals.enumerated().filter { index, proposal in
      proposals.enumerated().contains { other, candidate in
        other != index && (candidate.overlaps(proposal) || candidate.uuid == proposal.uuid)
      }
    }.map(\.element)
  }

  /// Leaves only those with one of these UUIDs.
  public mutating func choose(_ uuids: Set<DeviceUUID>) { proposals.removeAll { !uuids.contains($0.uuid) } }

  /// The labels that one DIMM gets.
  ///
  /// - Parameters:
  ///   - mapping: Its part of the region.
  ///   - count: Of the region's DIMMs.
  ///   - cookie: Of the set, for version 1.2.
  ///   - type: The GUID of the memory's type.
  /// - Returns: One for each proposal, without a slot.
  public func labels(
    on mapping: RegionMapping, of count: Int, cookie: UInt64, type: DeviceUUID
  ) -> [NamespaceLabel] {
    proposals.map { proposal in
      var label = NamespaceLabel(
        uuid: proposal.uuid, of: proposal.extent, on: mapping, of: count, cookie: cookie, type: type)
      label.name = proposal.name
      label.sectorSize = proposal.sectorSize
      label.claimClass = proposal.claimClass
      return label
    }
  }

  /// A label area of version 1.2 with these labels.
  ///
  /// - Parameters:
  ///   - labels: Of one DIMM.
  ///   - area: The present area: unused slots keep their content.
  /// - Returns: nil if the area is too small.
  public static func area(with labels: [NamespaceLabel], over area: [UInt8]) -> [UInt8]? {
    guard let fresh = FreshLabels(over: area, version: .v12)?.stages.last else { return nil }
    return LabelEdit(Dictionary(grouping: labels, by: \.uuid)).applied(to: fresh)
  }
}

extension Extent {
  /// Whether an offset is behind the first byte.
  fileprivate func containsInside(_ offset: UInt64) -> Bool {
    offset > self.offset && offset - self.offset < length
  }
}
