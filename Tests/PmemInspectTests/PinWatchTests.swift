import PmemDevice
import TestSupport
import Testing

@testable import PmemInspect

@Suite struct PinWatchTests {
  private static func pages(_ first: UInt64, _ count: UInt64, pins: UInt64) -> ReferencedPageRun {
    ReferencedPageRun(
      offset: first * 4096, length: count * 4096, pageSize: 4096,
      holds: PageCount.DecodedReferences(pins: pins, references: 0, isExact: false), mapping: 0, index: 0)
  }

  /// Neighbours alike are one run, as the scanner joins them.
  private static func look(_ counts: [UInt64]) -> [ReferencedPageRun] {
    var found: [ReferencedPageRun] = []
    for (page, pins) in counts.enumerated() where pins > 0 {
      let next = pages(UInt64(page), 1, pins: pins)
      if let last = found.last, last.continues(with: next) {
        found[found.count - 1].length += 4096
      } else {
        found.append(next)
      }
    }
    return found
  }

  @Test func onlyWhatStayedLasts() {
    var generator = SeededGenerator(seed: 107)
    for _ in 0..<500 {
      let looks = (0..<3).map { _ in (0..<24).map { _ in UInt64.random(in: 0...2, using: &generator) / 2 } }
      var watch = PinWatch(Self.look(looks[0]))
      for look in looks.dropFirst() { watch.add(Self.look(look)) }
      var seen = [UInt64](repeating: 0, count: 24)
      for (pages, isLasting) in watch.pieces {
        for page in stride(from: pages.offset / 4096, to: pages.end / 4096, by: 1) {
          #expect(seen[Int(page)] == 0, "twice")
          seen[Int(page)] = pages.holds.pins
          let same = looks.allSatisfy { $0[Int(page)] == pages.holds.pins }
          #expect(isLasting == same)
        }
      }
      #expect(seen == looks[2])
    }
  }
}
