import PmemDevice

/// References to a page, beyond what the kernel gives an unused one and what mappings count.
struct SimReferences: Hashable, Sendable {
  /// FOLL_PIN.
  var pins: Int32 = 0
  /// Plain ones. A release of what the page's present life was never given makes them negative.
  var plain: Int32 = 0

  static let none = SimReferences()
  var isNone: Bool { pins == 0 && plain == 0 }
}

/// The pages of a namespace: who refers to them, and what is in them.
struct SimPages: Hashable {
  let region: Int
  let id: Int
  /// By number of the page, in pages of the device's alignment (of a block device 4 KiB). Struct pages: gone when the
  /// device is taken away.
  var references = RunMap(SimReferences.none)
  /// What references to pages make of references to the device that made them (struct dev_pagemap, its `ref`).
  var device: UInt64 = 0
  /// Whether the device is being taken away: no new faults, no new references (percpu_ref_kill).
  var isDying = false
  /// The number of the store that each 4 KiB of the media have; 0: none since the boot. The media's: it stays.
  var content = RunMap<UInt64>(0)
}

extension SimPages {
  /// Takes references to pages, or, where `number` is negative, gives them back.
  ///
  /// - Parameters:
  ///   - number: For each page.
  ///   - range: The pages.
  ///   - isPin: Or plain references.
  ///   - reference: What that does to the device that made the pages.
  /// - Returns: How many operations on the device it took.
  mutating func add(
    _ number: Int32, to range: Range<UInt64>, isPin: Bool, _ reference: SimPolicyView.PageReference
  ) -> UInt64 {
    let before = reference == .eachPage ? used(range) : 0
    references.update(range) {
      if isPin { $0.pins &+= number } else { $0.plain &+= number }
    }
    switch reference {
    case .none: return 0
    case .eachGet:
      let all = UInt64(range.count) * UInt64(number.magnitude)
      device = number > 0 ? device &+ all : device &- all
      return all
    case .eachPage:
      let after = used(range)
      device = device &+ after &- before
      return after > before ? after - before : before - after
    }
  }

  /// How many pages of a range somebody refers to.
  private func used(_ range: Range<UInt64>) -> UInt64 {
    if range.count == 1 { return references[range.lowerBound].isNone ? 0 : 1 }
    return references.parts(range).reduce(0) { $0 + ($1.value.isNone ? 0 : UInt64($1.range.count)) }
  }
}

extension SimMemory {
  /// The pages of a namespace; one that nobody has used has none of note.
  func pages(_ region: Int, _ id: Int) -> SimPages {
    pages.first { $0.region == region && $0.id == id } ?? SimPages(region: region, id: id)
  }

  /// Changes them.
  mutating func withPages<Result>(_ region: Int, _ id: Int, _ body: (inout SimPages) -> Result) -> Result {
    if let place = pages.firstIndex(where: { $0.region == region && $0.id == id }) {
      return body(&pages[place])
    }
    var made = SimPages(region: region, id: id)
    let result = body(&made)
    pages.append(made)
    return result
  }
}
