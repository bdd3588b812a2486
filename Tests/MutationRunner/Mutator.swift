import TestSupport

/// Changes a text as a hand, a bad disk or an attacker would.
struct Mutator {
  private var generator: SeededGenerator

  init(_ generator: SeededGenerator) { self.generator = generator }

  /// What numbers are replaced by: ends of types, and what is beside sizes that are valid.
  static let numbers = [
    "0", "1", "-1", "2", "7", "255", "256", "511", "4095", "4096", "4097", "65535", "65536", "2097152",
    "1073741824",
    "2147483647", "2147483648", "4294967295", "4294967296", "1099511627776", "1125899906842623",
    "1125899906842624",
    "4503599627370496", "9223372036854771712", "9223372036854775807", "9223372036854775808",
    "18446744073709547520",
    "18446744073709551614", "18446744073709551615", "18446744073709551616", "-9223372036854775808",
    "-9223372036854775809", "99999999999999999999999999999999999999999", "1.5", "1e300", "0x7fffffffffffffff",
    "00",
    "16777215TiB", "100%", "",
  ]

  private static let oddities: [[UInt8]] = [
    [0], [0xff], [0xc3, 0x28], [0xed, 0xa0, 0x80], [0xef, 0xbb, 0xbf], Array("\u{2028}".utf8), [0x1b], [0x0d],
    [0x09],
    Array("&a *a".utf8), Array("<<: *a".utf8), Array("!!binary ".utf8), Array("%TAG !a! b\n".utf8),
    Array("\\u0000".utf8),
    Array("\\ud800".utf8), Array("{{}}".utf8), Array("null".utf8), Array("true".utf8), Array("=".utf8),
    Array(" ".utf8),
    Array("%zz".utf8), Array("%00".utf8), Array("---\n".utf8), Array("? ".utf8), Array("- ".utf8),
    Array("\n".utf8),
    Array("-> ".utf8), Array("'".utf8), Array("\"".utf8),
  ]

  mutating func next<Value: FixedWidthInteger>(_ range: Range<Value>) -> Value {
    .random(in: range, using: &generator)
  }

  mutating func pick<Items: Collection>(_ items: Items) -> Items.Element? {
    items.randomElement(using: &generator)
  }

  /// One to four changes.
  mutating func mutated(_ text: [UInt8]) -> [UInt8] {
    var text = text
    for _ in 0..<[1, 1, 1, 2, 2, 3, 4][next(0..<7)] { change(&text) }
    return text
  }

  private mutating func change(_ text: inout [UInt8]) {
    switch next(0..<20) {
    case 0: text.removeLast(text.isEmpty ? 0 : next(0..<text.count))
    case 1..<9: replaceNumber(&text)
    case 9: for _ in 0..<next(1..<5) where !text.isEmpty { text[next(0..<text.count)] = next(0..<255) }
    case 10: changeLines(&text)
    case 11: changeLines(&text)
    case 12: insert(Self.nesting(depth: next(1..<3000), kind: next(0..<5)), &text)
    case 13: insert([UInt8](repeating: next(0x20..<0x7f), count: 1 << next(4..<21)), &text)
    case 14, 15: insert(pick(Self.oddities) ?? [], &text)
    case 16, 17: swapWords(&text)
    case 18: insert(Self.aliases(levels: next(2..<12), width: next(2..<12), long: next(0..<4) == 0), &text)
    default: removeRange(&text)
    }
  }

  private mutating func insert(_ bytes: [UInt8], _ text: inout [UInt8]) {
    text.insert(contentsOf: bytes, at: text.isEmpty ? 0 : next(0..<text.count + 1))
  }

  private mutating func removeRange(_ text: inout [UInt8]) {
    guard !text.isEmpty else { return }
    let start = next(0..<text.count)
    text.removeSubrange(start..<min(text.count, start + next(1..<40)))
  }

  private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

  /// Runs of digits, with a sign before them.
  private static func numberRanges(_ text: [UInt8]) -> [Range<Int>] {
    runs(text, isDigit).map { run in
      run.lowerBound > 0 && text[run.lowerBound - 1] == UInt8(ascii: "-")
        ? run.lowerBound - 1..<run.upperBound : run
    }
  }

  private static func runs(_ text: [UInt8], _ belongs: (UInt8) -> Bool) -> [Range<Int>] {
    var runs: [Range<Int>] = []
    var start: Int?
    for (index, byte) in text.enumerated() {
      if belongs(byte) {
        start = start ?? index
      } else if let begin = start {
        runs.append(begin..<index)
        start = nil
      }
    }
    if let begin = start { runs.append(begin..<text.count) }
    return runs
  }

  private mutating func replaceNumber(_ text: inout [UInt8]) {
    guard let range = pick(Self.numberRanges(text)) else { return insert(Array("1".utf8), &text) }
    let old = UInt64(String(decoding: text[range], as: UTF8.self))
    let near =
      old.map { [$0 &+ 1, $0 &- 1, $0 &* 2, $0 / 2, $0 &+ 4096, $0 ^ 1 << UInt64(next(0..<63))] } ?? []
    let new = next(0..<2) == 0 ? pick(near).map { String($0) } : pick(Self.numbers)
    text.replaceSubrange(range, with: Array((new ?? "0").utf8))
  }

  private mutating func swapWords(_ text: inout [UInt8]) {
    let words = Self.runs(text) { $0 > 0x20 && !" ,:=[]{}\"".utf8.contains($0) }
    guard let first = pick(words), let second = pick(words), first.upperBound <= second.lowerBound else {
      return
    }
    let (left, right) = (Array(text[first]), Array(text[second]))
    text.replaceSubrange(second, with: left)
    text.replaceSubrange(first, with: right)
  }

  private mutating func changeLines(_ text: inout [UInt8]) {
    var lines = text.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map(Array.init)
    let first = next(0..<lines.count)
    let second = next(0..<lines.count)
    switch next(0..<5) {
    case 0: lines.swapAt(first, second)
    case 1: lines.remove(at: first)
    case 2: lines.insert(lines[first], at: second)
    case 3: lines.insert(contentsOf: Array(repeating: lines[first], count: next(1..<300)), at: first)
    default: lines.insert(contentsOf: lines[min(first, second)...max(first, second)], at: first)
    }
    text = Array(lines.joined(separator: [UInt8(ascii: "\n")]))
  }

  private static func nesting(depth: Int, kind: Int) -> [UInt8] {
    let unit = ["[", "{\"a\":", "- ", "{a: ", "[["][kind]
    return Array(String(repeating: unit, count: depth).utf8)
  }

  /// Aliases of aliases, in YAML's flow style.
  private static func aliases(levels: Int, width: Int, long: Bool) -> [UInt8] {
    var text = "[&l0 \(long ? String(repeating: "y", count: 60_000) : "y")"
    for level in 1...levels {
      let below = Array(repeating: "*l\(level - 1)", count: width).joined(separator: ",")
      text += ", &l\(level) [\(below)]"
    }
    return Array((text + "]").utf8)
  }
}
