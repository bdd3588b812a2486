public import PmemDevice

/// All of a label storage area, decoded: both index blocks, and every slot, whether an index has it in use or not
/// (drivers/nvdimm/label.c; UEFI "NVDIMM Label Protocol").
public struct LabelStore: Hashable, Sendable {
  /// One of the two copies of the index.
  public enum IndexCopy: Hashable, Sendable {
    case valid(LabelIndex)
    case damaged(MediaError)
  }

  /// The state of a slot by the index in force and its bytes.
  public enum SlotState: String, Hashable, Sendable {
    /// Active: the index in force has the slot in use.
    case active
    /// A remnant of an update or a removal: the index has the slot free, but a label is in it.
    case stale
    /// The index has the slot in use, but no label can be read from it.
    case damaged
  }

  /// One slot, by its number in the area.
  public struct Slot: Hashable, Sendable {
    /// From 0.
    public let number: Int
    public let state: SlotState
    /// nil if it is damaged.
    public let label: NamespaceLabel?
    /// Why it is damaged.
    public let error: MediaError?
    /// The fields of a damaged label, if its bytes can be read as one.
    public let unverified: NamespaceLabel?
    /// type_guid and abstraction_guid as they are; nil in version 1.1.
    public let typeGUID: DeviceUUID?
    public let abstractionGUID: DeviceUUID?
  }

  /// Bytes of the area.
  public let size: Int
  /// nil: neither copy is valid in any version, the area holds no labels.
  public let layout: LabelLayout?
  /// Of the version that has a valid copy, otherwise of 1.2; empty if the area is too small for any.
  public let copies: [IndexCopy]
  /// The copy in force.
  public let index: LabelIndex?
  /// Those that are not empty.
  public let slots: [Slot]
  /// Remnants found without an index block; nil if there is one, or none.
  public let unindexed: Unindexed?

  /// Reads an area; total whatever it holds.
  ///
  /// - Parameters:
  ///   - area: The whole area.
  ///   - isBounded: As `KernelRules.boundsMediaNumbers`.
  public init(_ area: [UInt8], isBounded: Bool = true) {
    size = area.count
    let chosen = Self.copies(area, areaSize: area.count, isBounded: isBounded)
    copies = chosen?.copies ?? []
    index = Self.current(copies)
    layout = index == nil ? nil : chosen?.layout
    guard let index, let layout else {
      slots = []
      unindexed = Self.unindexed(area)
      return
    }
    unindexed = nil
    slots = index.free.indices.compactMap { Self.slot($0, isFree: index.free[$0], area, layout) }
  }

  /// The index block in force (label.c:nd_label_validate).
  ///
  /// - Parameters:
  ///   - start: The area as far as two index blocks of any version go.
  ///   - areaSize: Bytes of the whole area.
  /// - Returns: nil if neither copy is valid in any version: the DIMM has no labels.
  public static func index(in start: [UInt8], areaSize: Int) -> LabelIndex? {
    current(copies(start, areaSize: areaSize, isBounded: true)?.copies ?? [])
  }

  /// Both copies, of the version that has a valid one, otherwise of the last; nil if the area is too small for any.
  private static func copies(
    _ area: [UInt8], areaSize: Int, isBounded: Bool
  ) -> (layout: LabelLayout, copies: [IndexCopy])? {
    var chosen: (layout: LabelLayout, copies: [IndexCopy])?
    for version in LabelVersion.allCases {
      guard let layout = LabelLayout(areaSize: areaSize, version: version) else { continue }
      let copies = (0...1).map { Self.copy($0, area, layout, isBounded) }
      chosen = (layout, copies)
      if current(copies) != nil { break }
    }
    return chosen
  }

  private static func current(_ copies: [IndexCopy]) -> LabelIndex? {
    let valid = copies.compactMap { if case .valid(let index) = $0 { index } else { nil } }
    return valid.count == 2 ? LabelIndex.current(valid[0], valid[1]) : valid.first
  }

  private static func copy(
    _ copy: Int, _ area: [UInt8], _ layout: LabelLayout, _ isBounded: Bool
  ) -> IndexCopy {
    do throws(MediaError) {
      let bytes = Array(area.dropFirst(copy * layout.indexSize).prefix(layout.indexSize))
      return .valid(try LabelIndex(bytes, copy: copy, layout: layout, isBounded: isBounded))
    } catch { return .damaged(error) }
  }

  private static func slot(_ number: Int, isFree: Bool, _ area: [UInt8], _ layout: LabelLayout) -> Slot? {
    let bytes = Array(area.dropFirst(layout.offset(ofSlot: number)).prefix(layout.version.labelSize))
    do throws(MediaError) {
      let label = try NamespaceLabel(bytes, slot: number, version: layout.version)
      // An empty slot 0 of version 1.1 looks like a label of no namespace.
      guard !(isFree && label.uuid.isNull && label.rawSize == 0) else { return nil }
      let isNew = layout.version == .v12
      return Slot(
        number: number, state: isFree ? .stale : .active, label: label, error: nil, unverified: nil,
        typeGUID: isNew ? GUID.read(Array(bytes[128..<144])) : nil,
        abstractionGUID: isNew ? GUID.read(Array(bytes[144..<160])) : nil)
    } catch {
      guard !isFree else { return nil }
      return Slot(
        number: number, state: .damaged, label: nil, error: error,
        unverified: NamespaceLabel(unverified: bytes, version: layout.version), typeGUID: nil,
        abstractionGUID: nil)
    }
  }

  /// The content of the active labels, without their slots.
  ///
  /// - Parameter withMode: Includes the modes of namespaces; otherwise only their existence and extents.
  /// - Returns: Equal for areas that describe the same namespaces.
  public func normalizedLabels(withMode: Bool) -> Set<NamespaceLabel> {
    Set(
      active.map { label in
        var normalizedLabels = label
        normalizedLabels.slot = 0
        if !withMode { normalizedLabels.claimClass = ClaimClass.none }
        return normalizedLabels
      })
  }

  /// The labels that count.
  public var active: [NamespaceLabel] { slots.filter { $0.state == .active }.compactMap(\.label) }
}

extension LabelStore {
  /// A problem of an area, in words.
  public struct Finding: Hashable, Sendable {
    /// Whether a namespace is lost by it, or may be; else only room or a spare copy is.
    public let isSerious: Bool
    public let text: String
    /// Whether a report of the kernel's verdict on the area includes it, with its consequences.
    public var isExplained: Bool

    public init(isSerious: Bool, text: String, isExplained: Bool = false) {
      self.isSerious = isSerious
      self.text = text
      self.isExplained = isExplained
    }
  }

  /// Checks what the kernel relies on, and what it would pass over in silence.
  ///
  /// - Parameter capacity: Bytes of the DIMM's persistent memory; nil if unknown.
  /// - Returns: Everything that is wrong; empty for a sound area, and for one that was never written.
  public func findings(capacity: UInt64?) -> [Finding] {
    guard let index else {
      let isBlank = copies.allSatisfy { if case .damaged(.signature) = $0 { true } else { false } }
      guard let unindexed else {
        return isBlank ? [] : [Finding(isSerious: true, text: "no index block is valid: the labels are lost")]
      }
      let count = unindexed.labels.count
      return [
        Finding(
          isSerious: true,
          text:
            "no index block is valid, but \(counted(count, "whole label"))\(count == 1 ? " is" : " are") in the slots",
          isExplained: true)
      ]
    }
    var found: [Finding] = []
    for (number, copy) in copies.enumerated() {
      if case .damaged(let error) = copy {
        found.append(Finding(isSerious: false, text: "index block \(number) is damaged: \(error)"))
      }
    }
    for slot in slots where slot.state == .damaged {
      let reason = slot.error.map { ": \($0)" } ?? ""
      found.append(
        Finding(
          isSerious: true, text: "the label in slot \(slot.number) is damaged\(reason)", isExplained: true))
    }
    found += labelFindings(capacity)
    let free = index.free.count(where: { $0 })
    if free < 2 {
      found.append(
        Finding(isSerious: false, text: "\(free) slots are free: the kernel needs one for every change"))
    }
    return found
  }

  private func labelFindings(_ capacity: UInt64?) -> [Finding] {
    var found: [Finding] = []
    let labels = active.sorted { ($0.dpa, $0.slot) < ($1.dpa, $1.slot) }
    for label in labels {
      let name = "slot \(label.slot) (\(label.uuid))"
      if label.flags & NamespaceLabel.updating != 0 {
        found.append(
          Finding(
            isSerious: label.labelCount > 1,
            text:
              "\(name) was being updated, and the update was never completed; the kernel accepts it all the same"
          ))
      }
      if label.rawSize == 0 { found.append(Finding(isSerious: true, text: "\(name) has no size")) }
      let (end, overflow) = label.dpa.addingReportingOverflow(label.rawSize)
      if let capacity, overflow || end > capacity {
        found.append(Finding(isSerious: true, text: "\(name) reaches beyond the end of the DIMM"))
      }
      if label.position >= label.labelCount {
        found.append(
          Finding(isSerious: true, text: "\(name) is at position \(label.position) of \(label.labelCount)"))
      }
    }
    for (label, next) in zip(labels, labels.dropFirst()) where label.rawSize > next.dpa &- label.dpa {
      found.append(
        Finding(
          isSerious: true, text: "slots \(label.slot) and \(next.slot) claim the same space",
          isExplained: true))
    }
    for (uuid, group) in Dictionary(grouping: labels, by: \.uuid).sorted(by: { "\($0.key)" < "\($1.key)" })
    where group.count > 1 {
      let slots = group.map { "\($0.slot)" }.joined(separator: ", ")
      found.append(Finding(isSerious: true, text: "slots \(slots) have the same UUID \(uuid)"))
    }
    return found
  }
}
