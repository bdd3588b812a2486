public import PmemDevice

/// The namespaces that the kernel assembles from the labels of a region's DIMMs (namespace_devs.c:scan_labels and
/// create_namespace_pmem). One label that it cannot assemble fails the whole region.
public struct SetProbe: Hashable, Sendable {
  /// One DIMM of the region.
  public struct Member: Hashable, Sendable {
    /// The labels that count, in the order of their slots.
    public var labels: [NamespaceLabel]
    /// The region's part of the DIMM.
    public var extent: Extent

    public init(labels: [NamespaceLabel], extent: Extent) {
      self.labels = labels
      self.extent = extent
    }
  }

  /// A namespace that is there.
  public struct Found: Hashable, Sendable {
    /// The label at position 0.
    public let label: NamespaceLabel
    /// From the region's start.
    public let offset: UInt64
    /// Bytes of the region, of all DIMMs together.
    public let size: UInt64
  }

  /// Why the region is not enabled (ENODEV, whatever the cause).
  public struct Refusal: Error, Hashable, Sendable {
    /// The function that refuses, in drivers/nvdimm/namespace_devs.c.
    public enum Cause: Hashable, Sendable {
      /// has_uuid_at_pos: no DIMM, or two labels of one DIMM, have the position.
      case missing(position: Int)
      /// add_namespace_resource.
      case duplicate
      /// select_pmem_id: the label of this member reaches beyond the region's part of the DIMM.
      case outside(member: Int)
      /// create_namespace_pmem: the label that was selected is not at position 0.
      case unnamed
      /// The set has no cookie.
      case noCookie
    }

    public let cause: Cause
    /// The label that was being assembled.
    public let label: NamespaceLabel

    /// The reason in the kernel's words, if it logs one.
    public var text: String {
      switch cause {
      case .missing(let position): "missing label for \(label.uuid) at position \(position)"
      case .duplicate: "conflicting extents for uuid \(label.uuid)"
      case .outside: "invalid label for \(label.uuid): its extent ends beyond the region"
      case .unnamed: "no label of \(label.uuid) is at position 0"
      case .noCookie: "invalid interleave-set-cookie"
      }
    }
  }

  /// In the order of their labels' slots.
  public private(set) var found: [Found] = []
  /// Labels of another set of DIMMs, or outside the region: their extents are reserved all the same.
  public private(set) var skipped: [NamespaceLabel] = []

  private var members: [Member]
  private let cookie: UInt64
  private let alternate: UInt64?
  private let type: DeviceUUID

  /// Assembles.
  ///
  /// - Parameters:
  ///   - members: In the order of the region's mappings.
  ///   - cookie: The set's, for the labels' version (region_devs.c:nd_region_interleave_set_cookie).
  ///   - alternate: The cookie in the order of old firmware (`altcookie`); nil if it is not known.
  ///   - type: Of the region's memory: ``NamespaceLabel/persistentMemory`` or ``NamespaceLabel/cxlMemory``.
  /// - Throws: Why the region would be disabled.
  public init(
    _ members: [Member], cookie: UInt64, alternate: UInt64?,
    type: DeviceUUID = NamespaceLabel.persistentMemory
  ) throws(Refusal) {
    self.type = type
    self.members = members
    self.cookie = cookie
    self.alternate = alternate
    guard let first = members.first else { return }
    for label in first.labels {
      let (end, overflow) = first.extent.offset.addingReportingOverflow(first.extent.length)
      guard label.dpa >= first.extent.offset, overflow || label.dpa < end else {
        skipped.append(label)
        continue
      }
      guard !found.contains(where: { $0.label.uuid == label.uuid }) else {
        throw Refusal(cause: .duplicate, label: label)
      }
      guard cookie != 0 else { throw Refusal(cause: .noCookie, label: label) }
      guard label.setCookie == cookie || label.setCookie == alternate else {
        skipped.append(label)
        continue
      }
      found.append(try assemble(label, of: first))
    }
  }

  private mutating func assemble(
    _ label: NamespaceLabel, of first: Member
  ) throws(Refusal) -> Found {
    for position in members.indices {
      let isThere =
        has(label.uuid, cookie, at: position)
        || (alternate.map { has(label.uuid, $0, at: position) } ?? false)
      guard isThere else { throw Refusal(cause: .missing(position: position), label: label) }
    }
    var model: NamespaceLabel?
    var size: UInt64 = 0
    for index in members.indices {
      let selected = try select(label, in: index)
      size = size &+ selected.rawSize
      if selected.position == 0 { model = selected }
    }
    guard let model else { throw Refusal(cause: .unnamed, label: label) }
    // nd_namespace_pmem_set_resource: from the lowest extent of that UUID on the first DIMM.
    let lowest = first.labels.filter { $0.uuid == label.uuid }.map(\.dpa).min() ?? label.dpa
    let ways = UInt64(members.count)
    let (offset, overflow) = (lowest &- first.extent.offset).multipliedReportingOverflow(by: ways)
    // The kernel would let the namespace reach beyond its region.
    guard lowest >= first.extent.offset, !overflow, size <= first.extent.length &* ways,
      offset <= first.extent.length &* ways &- size
    else { throw Refusal(cause: .outside(member: 0), label: label) }
    return Found(label: model, offset: offset, size: size)
  }

  /// namespace_devs.c:has_uuid_at_pos.
  private func has(_ uuid: DeviceUUID, _ cookie: UInt64, at position: Int) -> Bool {
    for member in members {
      var isSeen = false
      for label in member.labels
      where label.setCookie == cookie && label.uuid == uuid && label.isOf(type: type) {
        guard !isSeen else { return false }
        isSeen = true
        if Int(label.labelCount) == members.count, Int(label.position) == position { return true }
      }
    }
    return false
  }

  /// namespace_devs.c:select_pmem_id: the first label of that UUID, moved to the front of its list.
  private mutating func select(
    _ label: NamespaceLabel, in index: Int
  ) throws(Refusal) -> NamespaceLabel {
    guard let slot = members[index].labels.firstIndex(where: { $0.uuid == label.uuid }) else {
      throw Refusal(cause: .missing(position: index), label: label)
    }
    let selected = members[index].labels[slot]
    let extent = members[index].extent
    let end = extent.offset &+ extent.length
    let last = selected.dpa &+ selected.rawSize
    guard selected.dpa >= extent.offset, selected.dpa < end, last <= end, last > extent.offset else {
      throw Refusal(cause: .outside(member: index), label: label)
    }
    members[index].labels.remove(at: slot)
    members[index].labels.insert(selected, at: 0)
    return selected
  }
}
