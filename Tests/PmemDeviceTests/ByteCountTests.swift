import PmemDevice
import TestSupport
import Testing

@Suite struct ByteCountTests {
  @Test(
    arguments: [
      ("0", 0), ("512", 512), ("4k", 4096), ("4K", 4096), ("4KiB", 4096), ("4KB", 4000), ("16M", 16 << 20),
      ("1.5GiB", 3 << 29), ("2 GiB", 2 << 30), ("1TB", 1_000_000_000_000), ("0.5k", 512),
      ("18446744073709551615", UInt64.max),
    ] as [(String, UInt64)])
  func readsSizesAsUtilLinuxDoes(text: String, bytes: UInt64) throws {
    #expect(try ByteCount(parsing: text).rawValue == bytes)
  }

  @Test(arguments: [
    ("", SizeSyntaxError.empty), ("-1", .negative), ("-16MiB", .negative), ("1.5X", .unknownUnit("X")),
    ("16 furlongs", .unknownUnit("furlongs")), ("GiB", .notANumber), ("1..5G", .notANumber),
    (".5G", .notANumber),
    ("0x10", .unknownUnit("x10")), ("18446744073709551616", .tooLarge), ("16777216TiB", .tooLarge),
    ("99999999999999999999G", .tooLarge), ("1.0001K", .notWholeBytes), ("0.3", .notWholeBytes),
    ("１６GiB", .notANumber),
  ])
  func saysWhatIsWrongWithASize(text: String, expected: SizeSyntaxError) {
    #expect(throws: expected) { try ByteCount(parsing: text) }
  }

  @Test func whatItWritesItReads() throws {
    var generator = SeededGenerator(seed: 7)
    for _ in 0..<2000 {
      let shift = UInt64.random(in: 0..<64, using: &generator)
      let size = ByteCount(UInt64.random(in: 0...(.max), using: &generator) >> shift)
      #expect(try ByteCount(parsing: size.argument) == size)
    }
  }

  @Test(
    arguments: [
      (0, "0 bytes"), (512, "512 bytes"), (4096, "4 KiB"), (502 << 20, "502 MiB"), (1006 << 20, "1006 MiB"),
      (2014 << 20, "2014 MiB"), (1536 << 20, "1.50 GiB"), (2 << 30, "2 GiB"), (133_009_408, "126.84 MiB"),
      (UInt64.max, "16383.99 PiB"),
    ] as [(UInt64, String)])
  func isWrittenForPeople(bytes: UInt64, text: String) {
    #expect(ByteCount(bytes).description == text)
  }

  @Test func roundingIsSaidWhereItHappens() {
    #expect(ByteCount(133_009_408).exact == "126.84 MiB (133009408 bytes)")
    #expect(ByteCount(502 << 20).exact == "502 MiB")
    #expect(ByteCount(1536 << 20).exact == "1.50 GiB")
  }

  @Test(arguments: ["0%", "101%", "-5%", "5.5%", "%"])
  func percentagesAreOneToAHundred(text: String) {
    #expect(throws: SizeSyntaxError.self) { try Amount(parsing: text) }
  }

  @Test func amountsAreBytesPercentOrMax() throws {
    #expect(try Amount(parsing: "MAX") == .max)
    #expect(try Amount(parsing: "50%") == .percent(50))
    #expect(try Amount(parsing: "1G") == .bytes(.gibibytes(1)))
  }
}

@Suite struct DeviceUUIDTests {
  @Test func whatItWritesItReads() {
    var generator = SeededGenerator(seed: 11)
    for _ in 0..<200 {
      let uuid = DeviceUUID.random(using: &generator)
      #expect(DeviceUUID(uuid.description) == uuid)
      #expect(DeviceUUID(uuid.description.uppercased()) == uuid)
      #expect(uuid.description.dropFirst(14).first == "4")
    }
  }

  @Test(arguments: [
    "", "123", "123e4567-e89b-12d3-a456-42661417400", "123e4567e89b12d3a456426614174000",
    "123e4567-e89b-12d3-a456-42661417400g",
  ])
  func refusesWhatIsNone(text: String) {
    #expect(DeviceUUID(text) == nil)
  }
}
