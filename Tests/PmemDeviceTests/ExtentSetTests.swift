import PmemDevice
import TestSupport
import Testing

/// Sets of extents against sets of bytes.
@Suite struct ExtentSetTests {
  @Test func itIsTheSetOfItsBytes() {
    var generator = SeededGenerator(seed: 11)
    for _ in 0..<200 {
      var set = ExtentSet()
      var bytes: Set<UInt64> = []
      for _ in 0..<60 {
        let extent = Extent(
          offset: .random(in: 0..<200, using: &generator), length: .random(in: 0..<12, using: &generator))
        let own = Set(extent.offset..<extent.end)
        switch Int.random(in: 0..<4, using: &generator) {
        case 0:
          set.remove(extent)
          bytes.subtract(own)
        case 1:
          #expect(set.contains(extent) == own.isSubset(of: bytes))
          #expect(set.intersects(extent) == !own.isDisjoint(with: bytes))
        default:
          set.insert(extent)
          bytes.formUnion(own)
        }
        #expect(set.length == UInt64(bytes.count))
        #expect(zip(set.extents, set.extents.dropFirst()).allSatisfy { $0.end < $1.offset })
        #expect(set.extents.allSatisfy { ($0.offset..<$0.end).allSatisfy(bytes.contains) })
      }
    }
  }
}
