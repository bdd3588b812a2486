import PmemDevice
import TestSupport
import Testing

/// The counters of pages, put together as the kernel does and taken apart again.
@Suite struct PageCountTests {
  private struct Truth {
    var pins: Int32
    var references: Int32
    var mappings: Int32
  }

  private static func count(_ truth: Truth, _ kernel: String, _ mode: NamespaceMode, isCompound: Bool)
    -> PageCount
  {
    let rules = KernelRules(kernel)
    let maps = rules.countsMappings ? truth.mappings : 0
    let pins = isCompound ? truth.pins : truth.pins * 1024
    return PageCount(
      references: rules.idleReferences(mode) + maps + pins + truth.references, mappings: maps,
      pins: isCompound ? truth.pins : nil)
  }

  @Test(arguments: ["6.1", "6.12", "6.18"], [NamespaceMode.fsdax, .devdax])
  func whatWasCountedIsTakenApart(kernel: String, mode: NamespaceMode) {
    var generator = SeededGenerator(seed: 61)
    let idle = KernelRules(kernel).idleReferences(mode)
    for _ in 0..<20_000 {
      let isCompound = Bool.random(using: &generator)
      let truth = Truth(
        pins: Int32.random(in: 0...2000, using: &generator) / 7,
        references: .random(in: 0...1023, using: &generator) / 9,
        mappings: .random(in: 0...50, using: &generator))
      let count = Self.count(truth, kernel, mode, isCompound: isCompound)
      let holds = count.decode(idleReferences: idle)
      #expect(holds?.pins ?? 0 == UInt64(truth.pins))
      #expect(holds?.references ?? 0 == Int64(truth.references))
      #expect((holds == nil) == (truth.pins == 0 && truth.references == 0))
      // Pins of small pages could be plain references; compound pages count them apart.
      if let holds { #expect(holds.isExact == (isCompound || truth.pins == 0)) }
      // The heuristic calls whatever is held pinned: wrong exactly where there are only other references.
      #expect(count.looksPinned(idle: idle) == (holds != nil))
    }
  }

  /// A thousand plain references on a small page look like a pin: never fewer pins are told of than there are, and it is
  /// said that it is not certain.
  @Test func manyPlainReferencesAreNotTakenForCertainPins() throws {
    for (pins, references) in [(0, 1024), (0, 5000), (1, 1024), (3, 4095)] as [(Int32, Int32)] {
      let truth = Truth(pins: pins, references: references, mappings: 0)
      let holds = try #require(
        Self.count(truth, "6.12", .devdax, isCompound: false).decode(idleReferences: 1))
      #expect(holds.pins >= UInt64(pins))
      #expect(!holds.isExact)
      let compound = try #require(
        Self.count(truth, "6.12", .devdax, isCompound: true).decode(idleReferences: 1))
      #expect(
        compound
          == PageCount.DecodedReferences(pins: UInt64(pins), references: Int64(references), isExact: true))
    }
  }

  /// A late release in another life of the device: -1023, as seen on 6.12 and 6.18.
  @Test func impossibleCountsAreToldAsSuch() throws {
    #expect(
      try #require(PageCount(references: -1023, mappings: 0, pins: nil).decode(idleReferences: 1)).references
        < 0)
    #expect(
      try #require(PageCount(references: 0, mappings: 0, pins: -1).decode(idleReferences: 1)).references < 0)
    #expect(PageCount(references: 0, mappings: 0, pins: nil).decode(idleReferences: 0) == nil)
  }

  @Test func consequencesFollowTheKernel() {
    func outcomes(_ kernel: String, _ mode: NamespaceMode, isMapped: Bool) -> [PinConsequence.Outcome] {
      PinConsequence.all(mode, KernelRules(kernel), isMapped: isMapped).map(\.outcome)
    }
    #expect(outcomes("6.12", .devdax, isMapped: false) == [.crash])
    #expect(outcomes("5.17", .devdax, isMapped: false) == [.waits])
    #expect(
      outcomes("6.12", .fsdax, isMapped: false) == [.corrupts, .corrupts, .corrupts, .proceeds, .crash])
    #expect(outcomes("6.12", .fsdax, isMapped: true) == [.waits, .waits, .corrupts, .refused, .crash])
    #expect(
      outcomes("6.18", .fsdax, isMapped: false) == [.waits, .waits, .waitsUnkillably, .refused, .crash])
  }
}
