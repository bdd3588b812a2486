import Testing

@testable import NdctlPersonality

/// The bytes of ndctl's JSON library.
@Suite struct LibraryJSONTests {
  @Test func arraysAndObjectsHaveTwoBlanksALevel() {
    var inner = LibraryObject()
    inner.add("path", "/a\"b\\c\n")
    inner.add("empty", .array([]))
    inner.add("on", true)
    inner.add("none", nil as String?)
    let text = """
      [
        {
          "path":"\\/a\\"b\\\\c\\n",
          "empty":[
          ],
          "on":true
        },
        -1
      ]

      """
    #expect(LibraryJSON.array([.object(inner), .integer(-1)]).printed == text)
  }

  @Test func anEmptyArrayHasTwoLines() { #expect(LibraryJSON.array([]).printed == "[\n]\n") }

  @Test(
    arguments: [
      (5_119_999, "5119999"), (262_144_000, "\"250.00 MiB (262.14 MB)\""),
      (2_147_483_648, "\"2.00 GiB (2.15 GB)\""),
      (2_199_023_255_552, "\"2.00 TiB (2.20 TB)\""), (5_120_000, "\"4.88 MiB (5.12 MB)\""),
      (1_056_964_608, "\"1008.00 MiB (1056.96 MB)\""),
    ] as [(UInt64, String)])
  func sizesForPeopleHaveTwoUnits(bytes: UInt64, text: String) {
    #expect(NumberStyle(isHuman: true).size(bytes).printed == text + "\n")
    #expect(NumberStyle.plain.size(bytes).printed == "\(bytes)\n")
  }

  @Test func identifiersForPeopleAreHexadecimal() {
    #expect(NumberStyle(isHuman: true).identifier(0).printed == "\"0\"\n")
    #expect(NumberStyle(isHuman: true).identifier(255).printed == "\"0xff\"\n")
  }
}
