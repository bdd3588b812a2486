public import PmemDevice

/// Labels for namespaces of which only the info blocks are left: those have the UUID of the label, the mode, and the
/// start and end of the namespace. Names are lost.
public struct LabelRecovery: Hashable, Sendable {
  /// A namespace that was there at some time.
  public struct Proposal: Hashable, Sendable {
    /// From the region's start.
    public let extent: Extent
    public let uuid: DeviceUUID
    public let mode: NamespaceMode
    public let claimClass: ClaimClass
    /// The info block's own numbers fit, and the kernel would take it; else why not.
    public let doubt: String?

    fileprivate func overlaps(_ other: Proposal) -> Bool { extent.intersection(other.extent) != nil }
  }

  /// In the order of their offsets.
  public private(set) var proposals: [Proposal] = []

  /// - Parameters:
  ///   - scan: Of the region.
  ///   - region: Its size, its alignment, and its address.
  ///   - host: Whose kernel is to take them.
  public init(_ scan: InfoBlockScan, region: Region, host: HostFacts) {
    for found in scan.found where !found.parent.isNull {
      guard let proposal = Self.proposal(found, region, host) else { continue }
      proposals.append(proposal)
    }
    proposals.sort { ($0.extent.offset, $0.extent.length) < ($1.extent.offset, $1.extent.length) }
  }

  private static func proposal(
    _ found: InfoBlockScan.Found, _ region: Region, _ host: HostFacts
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
        doubt: pfn.fault(start: start, size: used, host: host)
          ?? pfn.attachFault(start: start, size: used, host: host)?.text)
    case .btt(let btt):
      let end = btt.info2Offset &+ UInt64(BttInfoBlock.size) &+ btt.version.initialOffset
      // A remainder too small for another arena follows the last one: sizes are multiples of the region's alignment.
      guard end <= room, let size = ByteCount(end).roundedUp(to: region.align)?.rawValue, size <= room else {
        return nil
      }
      return Proposal(
        extent: Extent(offset: found.offset, length: size), uuid: btt.parentUUID, mode: .sector,
        claimClass: btt.version == .v2 ? .btt2 : .btt,
        doubt: btt.nextOffset == 0 ? nil : "it has more than one arena: its size is not known")
    }
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

  /// A label area of version 1.2 with a label for each proposal.
  ///
  /// - Parameters:
  ///   - area: The present area: unused slots keep their content.
  ///   - cookie: Of the set, for that version.
  ///   - mapping: The region's part of the only DIMM.
  /// - Returns: nil if the area is too small.
  public func area(over area: [UInt8], cookie: UInt64, mapping: RegionMapping) -> [UInt8]? {
    guard let fresh = FreshLabels(over: area, version: .v12)?.stages.last else { return nil }
    let labels = proposals.map { proposal in
      NamespaceLabel(
        uuid: proposal.uuid, name: "", flags: 0, labelCount: 1, position: 0, setCookie: cookie,
        sectorSize: 512, dpa: mapping.offset + proposal.extent.offset, rawSize: proposal.extent.length,
        slot: 0,
        claimClass: proposal.claimClass)
    }
    return LabelEdit(Dictionary(uniqueKeysWithValues: labels.map { ($0.uuid, [$0]) })).applied(to: fresh)
  }
}
