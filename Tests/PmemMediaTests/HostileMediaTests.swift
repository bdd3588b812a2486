import PmemDevice
import PmemMedia
import TestSupport
import Testing

/// Whatever is on the media, reading it ends, and says something.
@Suite struct HostileMediaTests {
  private func mutated(_ bytes: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
    var bytes = bytes
    for _ in 0..<Int.random(in: 1...8, using: &generator) {
      let place = Int.random(in: bytes.indices, using: &generator)
      bytes[place] =
        [0, 255, UInt8.random(in: 0...255, using: &generator)].randomElement(using: &generator) ?? 0
    }
    return bytes
  }

  @Test(arguments: LabelVersion.allCases) func labelAreasAreReadWhateverTheyHold(version: LabelVersion) throws
  {
    var generator = SeededGenerator(seed: 7)
    let layout = try #require(LabelLayout(areaSize: 4096, version: version))
    var area = [UInt8](repeating: 0, count: 4096)
    for copy in 0...1 {
      var index = LabelIndex(layout: layout, copy: copy, sequence: UInt32(3 - copy))
      for slot in 0..<3 { index.free[slot] = false }
      area.replaceSubrange((copy * layout.indexSize)..<((copy + 1) * layout.indexSize), with: index.encoded)
    }
    #expect(LabelStore(area).index?.copy == 0)
    for _ in 0..<40_000 {
      let store = LabelStore(mutated(area, &generator))
      #expect(store.findings(capacity: 1 << 30).count >= 0)
    }
  }

  @Test func noiseIsReadAsWell() throws {
    var generator = SeededGenerator(seed: 9)
    for _ in 0..<2_000 {
      let noise = (0..<1024).map { _ in UInt8.random(in: 0...255, using: &generator) }
      #expect(LabelStore(noise).index == nil)
      let identity = try NamespaceIdentity(
        BytesSource(noise + [UInt8](repeating: 0, count: 8192)), label: nil)
      #expect(identity.usable <= UInt64.max)
    }
  }

  /// Numbers that a checksum makes credible.
  @Test func infoBlocksOfAnyNumbersAreIdentified() throws {
    var generator = SeededGenerator(seed: 8)
    let layout = try #require(BttLayout(size: 32 << 20, blockSize: 4096, version: .v1))
    let block = BttInfoBlock(uuid: .random(), parentUUID: .null, arena: layout.arenas[0], layout: layout)
      .encoded
    for _ in 0..<40_000 {
      var fields = ByteFields(block)
      for _ in 0..<Int.random(in: 1...3, using: &generator) {
        let place = Int.random(in: 48..<120, using: &generator)
        fields.set(UInt64.random(in: 0...UInt64.max, using: &generator), at: place, width: 4)
      }
      fields.set(fields.checksum(excluding: 4088), at: 4088, width: 8)
      let source = BytesSource([UInt8](repeating: 0, count: 4096) + fields.bytes)
      let identity = try NamespaceIdentity(source, label: nil)
      #expect(identity.usable <= UInt64.max)
      _ = try? identity.content(source)
    }
  }
}
