import PmemDevice

/// References to a page, beyond what the kernel gives an unused one and what mappings count.
package struct PageReferences: Hashable, Sendable {
  /// FOLL_PIN.
  package var pins: Int32 = 0
  /// Plain ones. A release of what the page's present life was never given makes them negative.
  package var plain: Int32 = 0

  package init(pins: Int32 = 0, plain: Int32 = 0) {
    self.pins = pins
    self.plain = plain
  }

  package static let none = PageReferences()
  package var isNone: Bool { pins == 0 && plain == 0 }
}

/// The pages of a namespace: who refers to them, and what is in them.
package struct DevicePages: Hashable, Sendable {
  package let device: DeviceID
  /// By number of the page, in pages of the device's alignment (4 KiB for a block device). Struct pages: freed when the
  /// device is removed.
  package var references = RunMap(PageReferences.none)
  /// References to the device that follow from references to its pages (struct dev_pagemap, its `ref`).
  package var pgmapReferences: UInt64 = 0
  /// Whether the device is being removed: no new faults, no new references (percpu_ref_kill).
  package var isDying = false
  /// The number of the store that each 4 KiB of the media have; 0: none since the boot. It belongs to the media, and
  /// survives the device.
  package var content = RunMap<UInt64>(0)

  package init(
    device: DeviceID, references: RunMap<PageReferences> = RunMap(PageReferences.none),
    pgmapReferences: UInt64 = 0, isDying: Bool = false, content: RunMap<UInt64> = RunMap<UInt64>(0)
  ) {
    self.device = device
    self.references = references
    self.pgmapReferences = pgmapReferences
    self.isDying = isDying
    self.content = content
  }
}

extension DevicePages {
  /// Takes references to pages, or returns them if `number` is negative.
  ///
  /// - Parameters:
  ///   - number: For each page.
  ///   - range: The pages.
  ///   - isPin: Or plain references.
  ///   - reference: The effect on the device that created the pages.
  /// - Returns: The number of operations on the device.
  package mutating func add(
    _ number: Int32, to range: Range<UInt64>, isPin: Bool, _ reference: PolicyView.PageReference
  ) -> UInt64 {
    let before = reference == .eachPage ? used(range) : 0
    references.update(range) {
      if isPin { $0.pins &+= number } else { $0.plain &+= number }
    }
    switch reference {
    case .none: return 0
    case .eachGet:
      let all = UInt64(range.count) * UInt64(number.magnitude)
      pgmapReferences = number > 0 ? pgmapReferences &+ all : pgmapReferences &- all
      return all
    case .eachPage:
      let after = used(range)
      pgmapReferences = pgmapReferences &+ after &- before
      return after > before ? after - before : before - after
    }
  }

  /// The number of referenced pages of a range.
  private func used(_ range: Range<UInt64>) -> UInt64 {
    if range.count == 1 { return references[range.lowerBound].isNone ? 0 : 1 }
    return references.parts(range).reduce(0) { $0 + ($1.value.isNone ? 0 : UInt64($1.range.count)) }
  }
}

extension MemoryState {
  /// The pages of a device; one that was never used has none of note.
  package func pages(_ device: DeviceID) -> DevicePages {
    pages.first { $0.device == device } ?? DevicePages(device: device)
  }

  /// Changes them.
  package mutating func withPages<Result>(
    _ device: DeviceID, _ body: (inout DevicePages) -> Result
  ) -> Result {
    if let index = pages.firstIndex(where: { $0.device == device }) {
      return body(&pages[index])
    }
    var made = DevicePages(device: device)
    let result = body(&made)
    pages.append(made)
    return result
  }
}
