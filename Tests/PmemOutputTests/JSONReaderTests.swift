import PmemOutput
import TestSupport
import Testing

@Suite struct JSONReaderTests {
  private func value(_ generator: inout SeededGenerator, depth: Int) -> JSON {
    switch Int.random(in: 0..<(depth > 4 ? 4 : 6), using: &generator) {
    case 0: return .boolean(Bool.random(using: &generator))
    case 1: return .unsigned(.random(in: 0...(.max), using: &generator))
    case 2: return .integer(.random(in: .min..<0, using: &generator))
    case 3: return .string(text(&generator))
    case 4:
      let count = Int.random(in: 0..<4, using: &generator)
      return .array((0..<count).map { _ in value(&generator, depth: depth + 1) })
    default:
      var object = JSONObject()
      for _ in 0..<Int.random(in: 0..<4, using: &generator) {
        object.add(text(&generator), value(&generator, depth: depth + 1))
      }
      return .object(object)
    }
  }

  private func text(_ generator: inout SeededGenerator) -> String {
    let scalars: [Unicode.Scalar] = ["a", "\"", "\\", "\n", "\u{1}", "é", "𝄞", "\u{7f}", "/", "\u{fffd}"]
    return String(
      String.UnicodeScalarView(
        (0..<Int.random(in: 0..<9, using: &generator)).compactMap { _ in
          scalars.randomElement(using: &generator)
        }))
  }

  @Test func theLocationOfAValueIsFound() {
    let text = Array("{\n  \"a\": [1,\n    {\"b\": 2}],\n  \"c\": \"x\"\n}".utf8)
    let expected = [
      ("", 1, 1), ("a", 2, 8), ("a[0]", 2, 9), ("a[1]", 3, 5), ("a[1].b", 3, 11), ("c", 4, 8),
    ]
    for (path, line, column) in expected {
      let found = JSON.location(of: path, in: text)
      #expect(found?.line == line && found?.column == column, "\(path): \(String(describing: found))")
    }
    #expect(JSON.location(of: "a[2]", in: text) == nil)
  }

  @Test func theNumberOfValuesIsBounded() throws {
    #expect(try JSON(parsing: Array("[1, 2, 3]".utf8), mostValues: 4).array?.count == 3)
    let error = #expect(throws: JSONError.self) { try JSON(parsing: Array("[1,\n2, 3]".utf8), mostValues: 3) }
    #expect(error?.description == "line 2, column 4: the text has too many values")
  }

  @Test func whatIsWrittenIsRead() throws {
    var generator = SeededGenerator(seed: 41)
    for _ in 0..<500 {
      let value = value(&generator, depth: 0)
      #expect(try JSON(parsing: Array(value.text.utf8)) == value)
    }
  }

  @Test func mutatedTextIsReadOrRefused() {
    var generator = SeededGenerator(seed: 43)
    let texts = (0..<20).map { _ in Array(value(&generator, depth: 0).text.utf8) }
    for _ in 0..<20_000 {
      var bytes = texts.randomElement(using: &generator) ?? []
      for _ in 0..<Int.random(in: 1...4, using: &generator) where !bytes.isEmpty {
        let place = Int.random(in: bytes.indices, using: &generator)
        switch Int.random(in: 0..<3, using: &generator) {
        case 0: bytes[place] = .random(in: 0...255, using: &generator)
        case 1: bytes.remove(at: place)
        default: bytes.insert(.random(in: 0...255, using: &generator), at: place)
        }
      }
      _ = try? JSON(parsing: bytes)
    }
  }

  @Test(arguments: [
    ("", 1, 1), ("{\n  \"a\" 1}", 2, 7), ("[1, 2,]", 1, 7), ("[1.5]", 1, 3), ("\"\u{1}\"", 1, 3),
    ("{} x", 1, 4), ("[01]", 1, 4), ("18446744073709551616", 1, 21), ("\"\\ud800\"", 1, 8), ("[null]", 1, 6),
  ]) func mistakesHaveAPlace(text: String, line: Int, column: Int) {
    do {
      _ = try JSON(parsing: Array(text.utf8))
      Issue.record("it was read")
    } catch {
      #expect([error.line, error.column] == [line, column], "\(error)")
    }
  }

  @Test func deepNestingIsRefused() {
    #expect(throws: JSONError.self) {
      try JSON(parsing: [UInt8](repeating: UInt8(ascii: "["), count: 1 << 20))
    }
  }

  @Test func nullIsLeftOut() throws {
    #expect(try JSON(parsing: Array("{\"a\": null, \"b\": 1}".utf8)).object?.members.map(\.key) == ["b"])
  }
}
