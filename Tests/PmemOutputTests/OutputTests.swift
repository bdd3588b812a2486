import PmemOutput
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
}
