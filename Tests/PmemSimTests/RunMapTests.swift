import PmemModel
import PmemSim
import TestSupport
import Testing

/// Against a plain array of values.
@Suite struct RunMapTests {
  @Test(arguments: 0..<20) func isTheArrayThatItStandsFor(seed: UInt64) {
    var generator = SeededGenerator(seed: 900 + seed)
    var map = RunMap<Int>(0)
    var plain = [Int](repeating: 0, count: 64)
    for _ in 0..<500 {
      let first = Int.random(in: 0..<64, using: &generator)
      let range = first..<Int.random(in: first...64, using: &generator)
      let wide = UInt64(range.lowerBound)..<UInt64(range.upperBound)
      if Bool.random(using: &generator) {
        let value = Int.random(in: 0..<3, using: &generator)
        map.set(wide, value)
        for place in range { plain[place] = value }
      } else {
        let change = Int.random(in: -1...1, using: &generator)
        map.update(wide) { $0 += change }
        for place in range { plain[place] += change }
      }
      for place in plain.indices where map[UInt64(place)] != plain[place] {
        Issue.record("\(place): \(map[UInt64(place)]) is not \(plain[place])")
      }
      let parts = map.parts(wide)
      #expect(parts.flatMap { part in part.range.map { _ in part.value } } == Array(plain[range]))
      for (left, right) in zip(map.runs, map.runs.dropFirst()) {
        #expect(left.range.upperBound <= right.range.lowerBound)
        #expect(left.range.upperBound < right.range.lowerBound || left.value != right.value)
      }
      #expect(map.runs.allSatisfy { $0.value != 0 && !$0.range.isEmpty })
    }
  }
}
