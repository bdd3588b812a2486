@testable import PmemOutput
import TestSupport
import Testing

@Suite struct OutputTests {
  @Test func jsonKeepsOrderAndEscapes() {
    var object = JSONObject()
    object.add("z", "quote \" slash \\ / line\nbell\u{7} é")
    object.add("a", UInt64.max)
    object.add("nothing", String?.none)
    object.add("list", [JSON.integer(-1), .boolean(true)])
    object.add("empty", [JSON]())
    #expect(
      JSON.object(object).text == """
        {
          "z": "quote \\" slash \\\\ / line\\nbell\\u0007 é",
          "a": 18446744073709551615,
          "list": [
            -1,
            true
          ],
          "empty": []
        }

        """)
  }

  @Test func tablesHaveNoTrailingSpacesAndNothingWhenEmpty() {
    var table = Table([("NAME", .left), ("SIZE", .right), ("LAST", .left)])
    #expect(table.text == "")
    table.add(["a", "1", ""])
    table.add(["long name", "100", "x"])
    #expect(table.text == "NAME       SIZE  LAST\na             1\nlong name   100  x\n")
  }

  @Test func whatCouldChangeATerminalIsEscaped() {
    #expect("plain é 日本".sanitized == "plain é 日本")
    #expect("a\u{1b}[31mb\u{202e}c\n".sanitized == "a\\u{1b}[31mb\\u{202e}c\\u{a}")
  }

  @Test func barsAreAsWideAsAskedAndShowEveryPart() {
    var generator = SeededGenerator(seed: 17)
    for _ in 0..<500 {
      let parts = (0..<Int.random(in: 1...20, using: &generator)).map { _ in
        ExtentMap.Part(
          length: .random(in: 1...(1 << 40), using: &generator), isFree: .random(using: &generator))
      }
      let map = ExtentMap(parts, style: .ascii)
      let width = Int.random(in: 20...100, using: &generator)
      let bar = map.bar(width: width)
      #expect(bar.count == width)
      #expect(Set(map.signs).isSubset(of: Set(bar)))
    }
  }

  @Test func freeSpaceHasItsOwnSign() {
    let parts = [
      ExtentMap.Part(length: 1, isFree: false), ExtentMap.Part(length: 1, isFree: true),
      ExtentMap.Part(length: 2, isFree: false),
    ]
    #expect(ExtentMap(parts, style: .ascii).bar(width: 8) == "AA..BBBB")
    #expect(ExtentMap(parts, style: .blocks).bar(width: 8) == "██░░▓▓▓▓")
  }

  @Test func morePartsThanCharactersAreStillToScale() {
    var generator = SeededGenerator(seed: 8)
    for _ in 0..<200 {
      let width = Int.random(in: 1...70, using: &generator)
      // Many small parts, then one that is free.
      let small = (0..<width + Int.random(in: 0...300, using: &generator)).map { _ in
        ExtentMap.Part(length: .random(in: 1...9, using: &generator), isFree: false)
      }
      let used = small.reduce(0) { $0 + $1.length }
      let free = UInt64.random(in: 1...used * 3, using: &generator)
      let bar = ExtentMap(small + [ExtentMap.Part(length: free, isFree: true)], style: .ascii).bar(
        width: width)
      #expect(bar.count == width)
      let shown = Double(bar.count { $0 == "." })
      let exact = Double(free) / Double(used + free) * Double(width)
      #expect(abs(shown - exact) <= 1, "\(bar): \(exact) free")
    }
  }

  @Test func anArrayIsTheSameWrittenWholeOrInPieces() throws {
    for count in [0, 1, 2, 3000] {
      let elements = (0..<count).map { number -> JSON in
        var object = JSONObject()
        object.add("number", number)
        object.add("list", [.string("a\n"), .boolean(true)])
        return .object(object)
      }
      let sink = MemorySink()
      var stream = JSONArrayStream(to: sink)
      for element in elements { try stream.add(element) }
      try stream.finish()
      #expect(sink.text == JSON.array(elements).text)
    }
  }

  @Test func aLineHasNoLinesInIt() {
    var object = JSONObject()
    object.add("a", [.integer(1), .string("x\ny")])
    object.add("b", [JSON]())
    #expect(JSON.object(object).line == "{\"a\": [1, \"x\\ny\"], \"b\": []}\n")
  }

  /// Whatever is taken is drawn, and nothing else.
  @Test func localesTellWhetherTheyAreUnicode() {
    for locale in ["C.UTF-8", "de_DE.utf8", "en_US.Utf-8@euro", "UTF-8"] {
      #expect(Terminal.isUnicodeLocale(locale), "\(locale)")
    }
    for locale in ["", "C", "POSIX", "de_DE.ISO-8859-15", "utf", "ut-f8", "en_US.UTF-16"] {
      #expect(!Terminal.isUnicodeLocale(locale), "\(locale)")
    }
  }

  @Test func aHeatBarShowsEveryPieceAndNoOther() {
    let terminal = Terminal(isInteractive: false, width: 80, isUnicode: true)
    var generator = SeededGenerator(seed: 109)
    for _ in 0..<2000 {
      let size = UInt64.random(in: 1...(1 << 50), using: &generator)
      let width = Int.random(in: 1...100, using: &generator)
      var pieces: [HeatBar.Piece] = []
      var cursor: UInt64 = 0
      while cursor < size, pieces.count < 5 {
        let offset = UInt64.random(in: cursor..<size, using: &generator)
        let length = UInt64.random(in: 1...(size - offset), using: &generator) / 3 + 1
        guard length <= size - offset else { break }
        pieces.append(HeatBar.Piece(offset: offset, length: length, isAlarming: false))
        cursor = offset + length + 1
      }
      let bar = Array(HeatBar(size: size, pieces: pieces).text(width: width, terminal: terminal))
      #expect(bar.count == width)
      #expect(bar.contains { $0 != "·" } == !pieces.isEmpty)
      #expect(HeatBar(size: size, pieces: []).text(width: width, terminal: terminal).allSatisfy { $0 == "·" })
    }
    let half = HeatBar(size: 100, pieces: [.init(offset: 0, length: 50, isAlarming: false)])
    #expect(half.text(width: 4, terminal: terminal) == "██··")
    var colored = terminal
    colored.hasColors = true
    #expect(half.text(width: 2, terminal: colored) == "\u{1b}[33m█\u{1b}[0m·")
    let alarm = HeatBar(size: 100, pieces: [.init(offset: 99, length: 1, isAlarming: true)])
    #expect(alarm.text(width: 4, terminal: terminal) == "···!")
  }
}
